import { isDeepStrictEqual } from 'node:util';
import type { OutsideConfig } from '../../config/config.ts';
import { systemClock } from '../../domain/clock.ts';
import { readAllowedHosts } from '../../policy/rego/builtins/http/allowed-hosts.ts';
import { createHttpFetcher } from '../../policy/rego/builtins/http/http-fetcher.ts';
import { outsideBuiltins } from '../../policy/rego/builtins/http/outside.ts';
import type { Outside } from '../../policy/wasm-engine.ts';
import { plainYaml } from './policy-builtins.ts';

/**
 * Who asks other hosts for policies. What they answered is kept from one bundle to the next, as OPA
 * keeps it, until the configuration allows other hosts or other sizes.
 */
export class OutsideKeeper {
  #kept: { readonly config: OutsideConfig; readonly outside: Outside } | undefined;

  outsideFor(config: OutsideConfig): Outside {
    if (this.#kept === undefined || !isDeepStrictEqual(this.#kept.config, config)) {
      this.#kept = { config, outside: createOutside(config) };
    }
    return this.#kept.outside;
  }
}

function createOutside(config: OutsideConfig): Outside {
  const { hosts, maxTimeoutMs, maxResponseBytes, maxCacheBytes } = config;
  const allowed = readAllowedHosts(hosts);
  return {
    builtins: outsideBuiltins(allowed, plainYaml),
    fetcher: createHttpFetcher({ allowed, maxTimeoutMs, maxResponseBytes, maxCacheBytes }),
    clock: systemClock,
  };
}
