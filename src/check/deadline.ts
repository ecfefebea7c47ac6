/** Waits for an answer, but no longer than `waitMs`; then the answer is `'late'`, whatever comes. */
export function beforeDeadline<T>(answer: Promise<T>, waitMs: number): Promise<T | 'late'> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, waitMs, 'late');
    const stop = (): void => {
      clearTimeout(timer);
    };
    answer.then(resolve, reject);
    answer.then(stop, stop);
  });
}
