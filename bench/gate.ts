import { fileURLToPath } from 'node:url';
import { createIsolatedSurroundings } from '../src/app/gate/isolated-surroundings.ts';
import { GateKeeper } from '../src/app/gate/gate-keeper.ts';
import { throwProblems, valueOf } from '../src/config/loaded.ts';
import { PolicyBundles } from '../src/app/policy/policy-bundles.ts';
import type { Gate } from '../src/check/decide.ts';
import { loadConfig } from '../src/config/load-config.ts';
import { systemClock } from '../src/domain/clock.ts';
import { CannotMeasure } from './cannot-measure.ts';

/** The gate that `micro.yaml` describes. */
export async function openGate(): Promise<Gate> {
  const loaded = loadConfig(fileURLToPath(new URL('micro.yaml', import.meta.url)), {});
  if ('problems' in loaded) throw new CannotMeasure('bench/micro.yaml has problems');
  const keeper = valueOf(
    await GateKeeper.open(loaded.config, createIsolatedSurroundings(systemClock)),
  );
  throwProblems(await new PolicyBundles(keeper, systemClock, { checked: () => {} }).open());
  return keeper.served.gate;
}
