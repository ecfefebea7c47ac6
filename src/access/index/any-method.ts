/** The key of what is for every method but CONNECT, which opens a tunnel and has to be named. */
export const anyMethod = '*';
