/** Work that is done again and again. */
export interface Repetition {
  /** Does it at once, beside the usual rhythm; not while it is being done. */
  now(): void;
  stop(): void;
}

/** Begins `intervalMs` after the end of the last time, so it never runs twice at once. */
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
