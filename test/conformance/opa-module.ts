import { execFileSync } from 'node:child_process';
import { requireTool } from '../setup/find-tool.ts';
import { tools } from '../setup/tools.ts';

/** Where the source of the OPA that the tests pin is, which Go fetches if need be. */
export function opaModuleDirectory(): string {
  const module = `github.com/open-policy-agent/opa@${tools.opa.version}`;
  const described = execFileSync(requireTool('go'), ['mod', 'download', '-json', module], {
    encoding: 'utf8',
  });
  return (JSON.parse(described) as { Dir: string }).Dir;
}
