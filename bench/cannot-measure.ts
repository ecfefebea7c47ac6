/** Why there is no figure, and what to do about it: the sentence is for the person at the terminal. */
export class CannotMeasure extends Error {
  override readonly name = 'CannotMeasure';
}
