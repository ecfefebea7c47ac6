import type { OutsideConfig } from '../config/config.ts';
import { parsePlainYaml } from '../config/plain-yaml.ts';
import { systemClock } from '../domain/clock.ts';
import type { BuiltinTable } from '../policy/rego/builtin.ts';
import { readAllowedHosts } from '../policy/rego/builtins/allowed-hosts.ts';
import { createHttpFetcher } from '../policy/rego/builtins/http-fetcher.ts';
import { outsideBuiltins } from '../policy/rego/builtins/outside.ts';
import { createYamlBuiltins } from '../policy/rego/builtins/yaml.ts';
import type { Outside } from '../policy/wasm-engine.ts';

const yaml = { parse: parsePlainYaml };

/** Builtins that need what other rooms own. */
export const policyBuiltins: BuiltinTable = createYamlBuiltins(yaml);

/** What policies may ask of other hosts, and who asks for them. */
export function createOutside(config: OutsideConfig): Outside {
  const { hosts, maxTimeoutMs, maxResponseBytes, maxCacheBytes } = config;
  const allowed = readAllowedHosts(hosts);
  return {
    builtins: outsideBuiltins(allowed, yaml),
    fetcher: createHttpFetcher({ allowed, maxTimeoutMs, maxResponseBytes, maxCacheBytes }),
    clock: systemClock,
  };
}
