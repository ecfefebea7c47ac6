export interface Clock {
  /** Milliseconds since the Unix epoch; for people and for records. */
  nowMs(): number;
  /** Milliseconds on a clock that never goes back; for durations and deadlines. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
