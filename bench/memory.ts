import { inputs } from './evaluations.ts';
import { loadMeasuredPolicy } from './measured-policy.ts';
import { formatTable } from './table.ts';

const evaluations = 100_000;
const quarters = 4;
const evaluationsPerSample = 500;
const mebibyte = 1024 * 1024;

interface Quarter {
  /** The most that the process had in it. */
  readonly rssBytes: number;
  readonly wasmBytes: number;
  readonly seconds: number;
}

/** Evaluates a large input over and over, all of it read, and shows what memory that takes. */
export async function measureMemory(options: { readonly json: boolean }): Promise<string> {
  const measured = await measureQuarters();
  if (options.json) return JSON.stringify(measured);
  const rows = measured.map(({ rssBytes, wasmBytes, seconds }, at) => [
    `${at + 1} of ${quarters}`,
    (rssBytes / mebibyte).toFixed(1),
    (wasmBytes / mebibyte).toFixed(2),
    seconds.toFixed(1),
  ]);
  return formatTable([['quarter', 'RSS MiB', 'WASM MiB', 's'], ...rows]);
}

async function measureQuarters(): Promise<Quarter[]> {
  const policy = await loadMeasuredPolicy('wholeInput');
  const [, large] = inputs.at(-1) ?? [];
  if (large === undefined) throw new Error('there is no large input');
  return Array.from({ length: quarters }, () => {
    const startedMs = performance.now();
    let rssBytes = 0;
    for (let done = 0; done < evaluations / quarters; done += 1) {
      policy.evaluate(large);
      if (done % evaluationsPerSample !== 0) continue;
      rssBytes = Math.max(rssBytes, process.memoryUsage.rss());
    }
    const seconds = (performance.now() - startedMs) / 1000;
    return { rssBytes, wasmBytes: policy.wasmBytes(), seconds };
  });
}
