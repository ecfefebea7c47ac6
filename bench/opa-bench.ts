import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jsonText } from '../src/domain/json.ts';
import { findTool } from '../test/setup/find-tool.ts';
import { CannotMeasure } from './cannot-measure.ts';
import { inputs } from './evaluations.ts';
import type { OperationTime } from './operations.ts';
import { spreadOf } from './statistics.ts';

const runs = 3;
const timeoutMs = 60_000;

const policy = fileURLToPath(new URL('../policies/example', import.meta.url));

/**
 * What `opa bench` measures of the example's policy: OPA's interpreter, for the opa that is released
 * without cgo has no WASM, on an input that was parsed before. Nothing where there is no opa.
 */
export function timeOpaBench(): OperationTime[] {
  const opa = findTool('opa');
  if (opa === undefined) return [];
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-opa-bench-'));
  try {
    return inputs.map(([size, input]) => {
      const file = join(folder, 'input.json');
      writeFileSync(file, jsonText(input));
      const micros = Array.from({ length: runs }, () => benchMicros(opa, file));
      return { name: `evaluation of ${size}, opa bench`, micros: spreadOf(micros) };
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function benchMicros(opa: string, input: string): number {
  const query = ['bench', '--data', policy, '--input', input, 'data.envoy.authz.allow'];
  const options = ['--target', 'rego', '--metrics=false', '--benchmem=false', '--format', 'json'];
  const output = execFileSync(opa, [...query, ...options], {
    encoding: 'utf8',
    timeout: timeoutMs,
  });
  return microsOf(output);
}

/** Of Go's BenchmarkResult: N evaluations in T nanoseconds. */
export function microsOf(output: string): number {
  const { N, T } = JSON.parse(output) as { readonly N?: unknown; readonly T?: unknown };
  if (typeof N === 'number' && typeof T === 'number' && N > 0) return T / N / 1000;
  throw new CannotMeasure('opa bench gave no result of a benchmark');
}
