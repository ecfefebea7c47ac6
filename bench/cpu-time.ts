import { readFileSync } from 'node:fs';
import { CannotMeasure } from './cannot-measure.ts';

/** `USER_HZ`: 100 on every Linux that Node runs on, whatever the kernel's own tick is. */
const microsPerTick = 10_000;

/** The CPU time that a process has used in all its threads, in microseconds (proc(5)). */
export function cpuMicros(pid: number): number {
  return ticksOf(readStat(pid)) * microsPerTick;
}

/** `utime` + `stime`, fields 14 and 15. The name, field 2, may hold spaces and brackets. */
export function ticksOf(stat: string): number {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(afterName[11]) + Number(afterName[12]);
}

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    throw new CannotMeasure(`process ${pid} cannot be read in /proc; is it still running?`);
  }
}
