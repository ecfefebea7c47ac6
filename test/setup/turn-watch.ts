/** How long single turns of this thread's event loop kept it busy. */
export interface TurnWatch {
  /** Ends the watch. In milliseconds: of the thread's own CPU, and by the clock on the wall. */
  stop(): { readonly busyMs: number; readonly wallMs: number; readonly turns: number };
}

/** By a timer of a millisecond: on a busy machine only the CPU is this thread's own doing. */
export function watchTurns(): TurnWatch {
  let [busyMs, wallMs, turns] = [0, 0, 0];
  let last = { cpuMs: cpuMs(), atMs: performance.now() };
  const timer = setInterval(() => {
    const now = { cpuMs: cpuMs(), atMs: performance.now() };
    busyMs = Math.max(busyMs, now.cpuMs - last.cpuMs);
    wallMs = Math.max(wallMs, now.atMs - last.atMs);
    turns += 1;
    last = now;
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      return { busyMs, wallMs, turns };
    },
  };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
