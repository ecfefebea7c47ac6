import { readFile } from 'node:fs/promises';
import type { PolicyEngine } from '../../check/ports.ts';
import type { Config } from '../../config/config.ts';
import { unreadable } from '../../config/yaml/read-file.ts';
import type { Clock } from '../../domain/clock.ts';
import type { PolicyBundle } from '../../policy/policy-bundle.ts';
import { createRoutedPolicy } from '../../policy/routed-policy.ts';
import { createWaitingPolicy } from '../../policy/waiting-policy.ts';
import { loadPolicyEngine, loadPolicyEngines } from '../../policy/wasm-engine.ts';
import type { OutsideKeeper } from './outside-keeper.ts';
import { policyBuiltins } from './policy-builtins.ts';

/** What the bundles decide, if there are any. Rejects with a sentence when they cannot. */
export async function buildPolicy(
  { policy, headers }: Config,
  bundle: PolicyBundle | undefined,
  keeper: OutsideKeeper,
  clock: Clock,
): Promise<PolicyEngine | undefined> {
  const {
    decision,
    decisionFrom,
    protoDescriptor,
    skipRequestBodyParse,
    maxBodyBytes,
    maxFuel,
    outside,
  } = policy;
  if (policy.bundles.length === 0) return undefined;
  const name = policy.bundles.map((settings) => settings.name).join('+');
  if (bundle === undefined) return createWaitingPolicy({ name, decision });
  const options = {
    name,
    skipRequestBodyParse,
    maxBodyBytes,
    maxFuel,
    clock,
    builtins: policyBuiltins,
    ...(outside && { outside: keeper.outsideFor(outside) }),
    reservedHeaderPrefix: headers.prefix,
    ...(protoDescriptor && { protoDescriptor: await readDescriptor(protoDescriptor) }),
  };
  if (decisionFrom === 'configuration') return loadPolicyEngine(bundle, decision, options);
  return createRoutedPolicy(decision, await loadPolicyEngines(bundle, options));
}

async function readDescriptor(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`${file} ${unreadable(error).message}`, { cause: error });
  }
}
