/** HEAD is GET without the body (RFC 9110 §9.3.2): who may read may ask whether there is something. */
export function withHead(methods: readonly string[]): readonly string[] {
  return methods.includes('GET') ? [...methods, 'HEAD'] : methods;
}

/** The key of what is for every method but CONNECT, which opens a tunnel and has to be named. */
export const anyMethod = '*';
