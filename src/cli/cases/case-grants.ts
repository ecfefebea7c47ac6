import type { GivenGrant } from '../../app/grants/given-grants.ts';
import type { Config } from '../../config/config.ts';
import { serviceFault } from '../../config/access/grant-order.ts';
import { loadAccess } from '../../config/access/load-access.ts';
import type { DecisionCase } from '../../config/access/load-cases.ts';
import { UsageError } from '../usage-error.ts';

export function givenGrantsOf({ grants, request }: DecisionCase): readonly GivenGrant[] {
  return grants.map(({ from = request.principal ?? '', ...grant }) => ({ ...grant, from }));
}

/** @throws {UsageError} for grants that nobody could have given, with every such problem. */
export function requireGrantable(
  file: string,
  cases: readonly DecisionCase[],
  { access }: Config,
): void {
  if (cases.every(({ grants }) => grants.length === 0)) return;
  const services = access === undefined ? undefined : servicesIn(access);
  const faults = cases.flatMap(({ line, name, grants }) =>
    grants.flatMap(({ to }, index) => {
      const fault = serviceFault(to, services);
      return fault === undefined ? [] : [`${file}:${line}: ${name}: grants[${index}]: ${fault}`];
    }),
  );
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
}

/** None of a document that cannot be read, which the checker tells of. */
function servicesIn(access: string): readonly string[] {
  const loaded = loadAccess(access);
  return 'value' in loaded ? loaded.value.services.map(({ name }) => name) : [];
}
