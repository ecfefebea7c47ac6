import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { findTool, onPath, pinnedTool, toolDirectory, toolsDirectory } from './find-tool.ts';
import { rewriteKubernetesSchemas } from './kubernetes-schemas.ts';
import { type Recipe, type Tool, type ToolName, tools } from './tools.ts';

const installTimeoutMs = 15 * 60_000;
/** Older ones cannot fetch the toolchain that a module asks for. */
const oldestUsableGo = 1.21;

/** What else has to happen in a tool's folder before it is of use. */
const finishing: Partial<Record<ToolName, (directory: string) => void>> = {
  'kubernetes-schemas': rewriteKubernetesSchemas,
};

/**
 * Sees to it that the tool is there. Returns undefined when it is, else the sentence that tells a
 * person how to bring it.
 */
export function ensureTool(name: ToolName): string | undefined {
  if (pinnedTool(name) !== undefined) return undefined;
  const tool: Tool = tools[name];
  console.error(`installing ${nameWithVersion(name)} for ${tool.neededFor} …`);
  const fault = install(name, tool.recipe);
  if (fault === undefined || findTool(name) !== undefined) return undefined;
  return `${nameWithVersion(name)}: ${howToEnable(name, tool)} (${fault})`;
}

function nameWithVersion(name: ToolName): string {
  const { version } = tools[name] as Tool;
  return version === undefined ? name : `${name} ${version.replace(/^v/, '')}`;
}

function howToEnable(name: ToolName, { recipe }: Tool): string {
  if (recipe.kind === 'debian') {
    return `install the package ${recipe.package} (apt-get install ${recipe.package}), then run again`;
  }
  if (recipe.kind === 'python') {
    return `make \`python3 -m pip install ${recipe.package}\` work here, then run again`;
  }
  return `make \`go install ${recipe.module}\` work here, or put ${name} on the PATH, then run again`;
}

function install(name: ToolName, recipe: Recipe): string | undefined {
  if (recipe.kind === 'debian') return installDebianPackage(recipe.package);
  if (recipe.kind === 'go') {
    return installAside(name, (directory) => installGoModule(name, recipe.module, directory));
  }
  return (
    ensurePip() ??
    installAside(name, (directory) => installPythonPackage(name, recipe.package, directory))
  );
}

/** Installs into a folder beside the final one, so that a broken install is never mistaken for one. */
function installAside(
  name: ToolName,
  fill: (directory: string) => string | undefined,
): string | undefined {
  const directory = toolDirectory(name);
  const partial = `${directory}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const fault = fill(partial);
  if (fault !== undefined) return fault;
  finishing[name]?.(partial);
  rmSync(directory, { recursive: true, force: true });
  renameSync(partial, directory);
  linkExecutable(name);
  return undefined;
}

function linkExecutable(name: ToolName): void {
  const executable = pinnedTool(name);
  if (executable === undefined) return;
  const link = join(toolsDirectory, 'bin', name);
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(relative(dirname(link), executable), link);
}

function installDebianPackage(packageName: string): string | undefined {
  if (onPath('apt-get') === undefined) return 'this system has no apt-get';
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const aptGet = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq'];
  const installPackage = [...aptGet, 'install', '-y', '--no-install-recommends', packageName];
  if (run(installPackage) === undefined) return undefined;
  // A machine whose package lists are absent or old needs them first.
  return run([...aptGet, 'update']) ?? run(installPackage);
}

function ensurePip(): string | undefined {
  if (run(['python3', '-m', 'pip', '--version']) === undefined) return undefined;
  return installDebianPackage('python3-pip');
}

function installPythonPackage(
  name: ToolName,
  packageName: string,
  directory: string,
): string | undefined {
  const { version } = tools[name] as Tool;
  const pip = ['python3', '-m', 'pip', 'install', '--quiet', '--no-deps', '--no-compile'];
  const quietly = ['--disable-pip-version-check', '--root-user-action=ignore'];
  return run([...pip, ...quietly, '--target', directory, `${packageName}==${version ?? ''}`]);
}

function installGoModule(name: ToolName, module: string, directory: string): string | undefined {
  const go = usableGo();
  if (go === undefined) return 'there is no Go toolchain, and none could be installed';
  const { version } = tools[name] as Tool;
  return run([go, 'install', '-trimpath', '-ldflags=-s -w', `${module}@${version ?? 'latest'}`], {
    GOBIN: directory,
    CGO_ENABLED: '0',
  });
}

function usableGo(): string | undefined {
  const system = onPath('go');
  if (system !== undefined && goVersion(system) >= oldestUsableGo) return system;
  return ensureTool('go') === undefined ? pinnedTool('go') : undefined;
}

function goVersion(go: string): number {
  const { stdout } = spawnSync(go, ['env', 'GOVERSION'], { encoding: 'utf8' });
  return Number(/^go(\d+\.\d+)/.exec(stdout)?.[1] ?? 0);
}

/** Runs a command; returns what was wrong, or undefined when it succeeded. */
function run(
  [command = '', ...args]: string[],
  environment: NodeJS.ProcessEnv = {},
): string | undefined {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: installTimeoutMs,
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...environment },
  });
  return result.status === 0 ? undefined : `${command}: ${causeOf(result)}`;
}

function causeOf({ error, stderr, signal, status }: SpawnSyncReturns<string>): string {
  if (error !== undefined) return error.message;
  const lastLine = stderr.trim().split('\n').at(-1) ?? '';
  return lastLine === '' ? `ended with ${signal ?? status ?? 'no status'}` : lastLine;
}
