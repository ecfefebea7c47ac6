import { join } from 'node:path';
import { attempts } from './attempts.ts';
import { commandOf } from './commands.ts';
import { example, main } from './shop.ts';

export interface OpenShop {
  readonly folder: string;
  /** Gives tokens. */
  readonly issuer: string;
  /** Sallyport's own. */
  readonly page: string;
  /** Of the Envoys before the workloads, by name; undefined: there is none. */
  readonly ports: Readonly<Record<string, number>> | undefined;
  /** The id of the grant. */
  readonly granted: string;
}

/** What a person reads when the shop is open. */
export function menuOf({ folder, issuer, page, ports, granted }: OpenShop): string {
  const program = `node '${main}'`;
  const tried = attempts.map((attempt) => {
    const command = commandOf(attempt, { program, ports, issuer });
    return `  ${attempt.status}  ${attempt.about}\n       ${command}`;
  });
  const cases = join(example, 'cases.yaml');
  return `The shop is open. In another terminal:

  cd ${folder}

Try (${ports === undefined ? 'without Envoy, which ENVOY=/path/to/envoy would bring: Sallyport itself is asked' : 'through Envoy'}), and what comes of it:

${tried.join('\n')}

Look at
  what was decided   tail -f decisions.jsonl
  the server         ${page}
  who may call whom  ${program} graph -c sallyport.yaml --format svg > shop.svg
  the test cases     ${program} test ${cases}
  the grant          ${program} grant list -c sallyport.yaml
  ended              ${program} grant revoke ${granted} --by you -c sallyport.yaml

Change ${join(example, 'access.yaml')} or limits.yaml: what you save holds at once.
Ctrl-C closes the shop.`;
}
