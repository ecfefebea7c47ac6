import { isLocalOnly } from '../domain/listen-address.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../telemetry/log.ts';

/** What a configuration weakens, by the names of the metric `sallyport_insecure_option`. */
export function insecureOptions({ insecure, identity }: Config): string[] {
  const names = insecure.ambiguousPaths.map((name) => `ambiguousPaths/${name}`);
  return identity.require === 'none' ? [...names, 'identity.require/none'] : names;
}

export function warnOfInsecurity(config: Config, log: Logger): void {
  const options = insecureOptions(config);
  if (options.length > 0) log.warn('the configuration weakens the defaults', { options });
  if (config.server.tls === undefined && !isLocalOnly(config.server.address)) {
    log.warn('checks come in as plaintext: let only Envoy reach server.address, or set server.tls');
  }
}
