import type { Attempt } from './attempts.ts';
import { workloads } from './workloads.ts';

/** Where the parts of the running shop are found, from its folder. */
export interface Places {
  /** How `sallyport` is called there. */
  readonly program: string;
  /** Of the Envoys before the workloads, by name; undefined: there is none. */
  readonly ports: Readonly<Record<string, number>> | undefined;
  /** Gives tokens. */
  readonly issuer: string;
}

const host = 'orders.shop.svc.cluster.local';

/** The command line of an attempt: through Envoy, or else a question to Sallyport itself. */
export function commandOf(attempt: Attempt, { program, ports, issuer }: Places): string {
  const { times = 1, to, as, scope, tokenOf = as } = attempt;
  const token =
    scope === undefined
      ? undefined
      : `curl -s '${issuer}/token?sub=${workloads[tokenOf]}&scope=${scope}'`;
  const once =
    ports === undefined
      ? checkLine(attempt, program, token)
      : curlLine(attempt, `https://localhost:${ports[to]}`, token);
  return times === 1 ? once : `for n in $(seq ${times}); do ${once}; done`;
}

function curlLine(attempt: Attempt, origin: string, token: string | undefined): string {
  const { as, method, path, headers = [] } = attempt;
  const own = token === undefined ? [] : [`"authorization: Bearer $(${token})"`];
  const sent = [`host: ${host}`, ...headers].map((header) => `'${header}'`);
  return words(
    'curl -si --cacert shop.crt',
    `--cert ${as}.crt --key ${as}.key`,
    method && `-X ${method}`,
    ...[...sent, ...own].map((header) => `-H ${header}`),
    `${origin}${path}`,
  );
}

function checkLine(attempt: Attempt, program: string, token: string | undefined): string {
  const { as, to, method, path, headers = [] } = attempt;
  return words(
    token && `${token} > token &&`,
    `${program} check --server unix:$PWD/grpc.sock`,
    `--principal ${workloads[as]}`,
    `--destination ${workloads[to]} --host ${host}`,
    method && `--method ${method}`,
    ...headers.map((header) => `--header '${header}'`),
    token && '--token-file token',
    `--path ${path}`,
  );
}

function words(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(' ');
}
