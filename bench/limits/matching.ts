import { LimitTable } from '../../src/limits/limit-table.ts';
import { type OperationTime, timeOperations } from '../operations.ts';
import { formatTable } from '../table.ts';
import { requestBy } from './measured-limiter.ts';
import { limitDefinitions } from './measured-limits.ts';

const rounds = 15;
const services = 10;

/** What it takes to find a request's limit, of few and of many. */
export async function measureMatching(): Promise<readonly OperationTime[]> {
  const question = requestBy('service-7', 'spiffe://shop.example/ns/shop/sa/web');
  const operations = [10, 1_000, 10_000].map((count) => {
    const table = tableOf(count);
    if (table.chargesFor(question, 0).taken.length !== 1) throw new Error('one limit matches');
    return { name: `of ${count} limits`, run: () => table.chargesFor(question, 0) };
  });
  return timeOperations(operations, rounds);
}

export function matchingTable(times: readonly OperationTime[]): string {
  const rows = times.map(({ name, micros: { median, min, max } }) => [
    name,
    ...[median, min, max].map((value) => value.toFixed(2)),
  ]);
  return formatTable([
    ['µs to find and key the one that applies', 'median', 'min', 'max'],
    ...rows,
  ]);
}

/** Each on a path of its own, spread over ten services. `/orders/7` is that of the seventh. */
function tableOf(count: number): LimitTable {
  const [limit] = limitDefinitions(1);
  if (limit === undefined) throw new Error('there is a measured limit');
  const definitions = Array.from({ length: count }, (_, index) => ({
    ...limit,
    name: `limit-${index}`,
    match: {
      service: `service-${index % services}`,
      paths: [index === 7 ? '/orders/{id}' : `/collection-${index}/{id}/**`],
    },
  }));
  return new LimitTable(definitions, () => none);
}

const none: readonly never[] = [];
