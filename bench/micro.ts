import { decodeCheckRequest } from '../src/envoy/decode-check-request.ts';
import { encodeCheckRequest } from './check-request.ts';
import { type Operation, type OperationTime, timeOperations } from './operations.ts';
import { formatTable } from './table.ts';

/** Times the stages of a check one by one, without a network, and the whole of them. */
export async function measureStages(options: { readonly json: boolean }): Promise<string> {
  const times = await timeOperations(stages(), rounds);
  return options.json ? JSON.stringify(times) : format(times);
}

const rounds = 25;

function stages(): Operation[] {
  const bytes = encodeCheckRequest();
  return [{ name: 'decode', run: () => decodeCheckRequest(bytes) }];
}

function format(times: readonly OperationTime[]): string {
  const rows = times.map(({ name, micros: { median, min, max } }) => [
    name,
    ...[median, min, max].map((value) => value.toFixed(2)),
  ]);
  return formatTable([['µs an operation', 'median', 'min', 'max'], ...rows]);
}
