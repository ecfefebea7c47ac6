import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Tool, type ToolName, tools } from './tools.ts';

const projectRoot = join(import.meta.dirname, '../..');
export const toolsDirectory = join(projectRoot, '.tools');

/** The tool's own folder in `.tools/`, named by version so that a new pin is a new folder. */
export function toolDirectory(name: ToolName): string {
  const { version } = tools[name] as Tool;
  return join(toolsDirectory, version === undefined ? name : `${name}-${version}`);
}

/** Where the tool is: the pinned one in `.tools/`, else one on the PATH, else undefined. */
export function findTool(name: ToolName): string | undefined {
  return pinnedTool(name) ?? onPath(name);
}

export function pinnedTool(name: ToolName): string | undefined {
  const { recipe } = tools[name] as Tool;
  if (recipe.kind === 'debian') return onPath(name);
  const path = join(toolDirectory(name), recipe.executable ?? name);
  return isExecutable(path) ? path : undefined;
}

/** For tests that run only where the tool is: `test/run.ts` leaves them out elsewhere. */
export function requireTool(name: ToolName): string {
  const path = findTool(name);
  if (path === undefined)
    throw new Error(`${name} is missing: run \`npm test\`, which installs it`);
  return path;
}

export function onPath(command: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, command))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
