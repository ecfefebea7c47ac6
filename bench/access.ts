import { readFile } from 'node:fs/promises';
import { indexAccess } from '../src/access/index/index-access.ts';
import type { PolicyEngine } from '../src/check/ports.ts';
import type { AllowRule } from '../src/domain/access/access.ts';
import type { PolicyQuestion } from '../src/domain/decision/policy.ts';
import { createAccessPolicy } from '../src/policy/access-policy.ts';
import { readSnapshot } from '../src/policy/bundles/contents/read-bundle.ts';
import type { Operation } from './operations.ts';

/** Between these the time of a decision must not differ by more than a fifth. */
const ruleCounts = [10, 10_000] as const;

/** Decisions by access documents, few rules and many, about a request that a rule of each allows. */
export async function accessDecisions({ request, caller }: PolicyQuestion): Promise<Operation[]> {
  const asked = { caller, request: { ...request, host: 'orders.shop' } };
  const principal = caller?.principal ?? '';
  const operations = [];
  for (const count of ruleCounts) {
    const engine = await engineWith(count, principal, request.path);
    const name = `access document of ${count.toLocaleString('en')} rules, with its input`;
    operations.push({ name, run: () => engine.evaluate(asked, Infinity) });
  }
  return operations;
}

async function engineWith(count: number, principal: string, path: string): Promise<PolicyEngine> {
  const bundle = await readSnapshot(
    await readFile(new URL('../bundles/access.tar.gz', import.meta.url)),
  );
  const allow = Array.from({ length: count }, (_, at): AllowRule => ({
    name: `rule-${at}`,
    line: 1,
    from: [{ kind: 'exact', principal: at === 0 ? principal : `${principal}-${at % 100}` }],
    methods: ['GET'],
    paths: [at === 0 ? path : `/collection-${Math.floor(at / 100)}/{id}`],
  }));
  const service = { name: 'orders', line: 1, hosts: ['orders.shop'], deny: [], allow };
  const index = Buffer.from(JSON.stringify(indexAccess({ services: [service] })));
  return createAccessPolicy(
    bundle,
    { index, revision: 'bench', services: ['orders'] },
    { maxFuel: 3_000_000, reservedHeaderPrefix: 'x-sallyport-' },
  );
}
