/** Work that is repeated. */
export interface Repetition {
  /** Does the work at once, unless it is being done already. */
  now(): void;
  stop(): void;
}

/** Does the work now, and again `intervalMs` after it last ended, so that it never overlaps itself. */
export function every(intervalMs: number, work: () => Promise<void>): Repetition {
  let timer: NodeJS.Timeout | undefined;
  let isWorking = false;
  let isStopped = false;
  const run = async (): Promise<void> => {
    if (isWorking || isStopped) return;
    clearTimeout(timer);
    isWorking = true;
    try {
      await work();
    } finally {
      isWorking = false;
      if (!isStopped) timer = setTimeout(() => void run(), intervalMs).unref();
    }
  };
  void run();
  return {
    now: () => void run(),
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
