/**
 * About how many instructions RE2 makes of a pattern, told without compiling it: `(ab){100}` is short,
 * and 200 of them. What is no pattern has some size too.
 */
export function regexSize(pattern: string): number {
  const outer: number[] = [];
  let [sum, last] = [0, 0];
  const take = (size: number): void => {
    sum += size;
    last = size;
  };
  for (const [token, least = '', most = ''] of pattern.matchAll(tokens)) {
    if (token === '(') {
      outer.push(sum);
      [sum, last] = [0, 0];
    } else if (token === ')') {
      const group = sum + 2;
      sum = outer.pop() ?? 0;
      take(group);
    } else if (least !== '') {
      const times = Math.max(Number(least) + 1, Number(most));
      const repeated = last * times + Math.max(Number(most) - Number(least), 0);
      sum += repeated - last;
      last = repeated;
    } else {
      take(1);
    }
  }
  return outer.reduce((whole, size) => whole + size, sum);
}

/** A repetition, an escape, a class, or one character. */
const tokens = /\{(\d{1,4})(?:,(\d{0,4}))?\}|\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|[\s\S]/g;
