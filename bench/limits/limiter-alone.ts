/**
 * The limiter in a process of its own, asked without any protocol. The parent sends how many
 * requests, and of which domain; the answer is sent when all are decided.
 */
import { callerName } from './measured-limits.ts';
import { openMeasuredLimiter, requestBy } from './measured-limiter.ts';

/** As many as a busy replica decides at a time. */
const inFlight = 256;

const [redisSocket = ''] = process.argv.slice(2);
const ask = openMeasuredLimiter(redisSocket);
let asked = 0;

process.on('message', ({ requests, domain }: { requests: number; domain: string }) => {
  void decideAll(requests, domain).then((outcome) => process.send?.(outcome));
});
process.once('disconnect', () => process.exit());

/** How many were admitted. */
async function decideAll(requests: number, domain: string): Promise<number> {
  let left = requests;
  let admitted = 0;
  const loop = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      asked += 1;
      const { outcome } = await ask(requestBy(domain, callerName(asked)));
      if (outcome === 'within') admitted += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return admitted;
}
