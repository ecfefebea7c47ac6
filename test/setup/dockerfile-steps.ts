import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/** What a stage of a Dockerfile comes to, with its file system in a folder. */
export interface Stage {
  readonly name: string;
  /** The folder that stands for `/`. */
  readonly root: string;
  workdir: string;
  readonly environment: Record<string, string>;
  user: string;
  entrypoint: readonly string[];
  command: readonly string[];
  healthcheck: readonly string[];
}

interface Build {
  readonly context: string;
  readonly sent: ReadonlySet<string>;
  readonly directory: string;
  readonly stages: Stage[];
}

type Step = (stage: Stage, text: string, build: Build) => void;

const steps: Readonly<Record<string, Step>> = {
  WORKDIR: (stage, text) => {
    stage.workdir = resolve(stage.workdir, text);
    mkdirSync(inside(stage, '.'), { recursive: true });
  },
  ENV: (stage, text) => {
    const [name = '', value = ''] = text.split('=');
    stage.environment[name] = value;
  },
  COPY: copy,
  RUN: (stage, text) => {
    execFileSync('/bin/sh', ['-c', text], {
      cwd: inside(stage, '.'),
      env: { ...process.env, ...stage.environment, npm_config_prefer_offline: 'true' },
      stdio: 'pipe',
    });
  },
  USER: (stage, text) => (stage.user = text),
  EXPOSE: () => undefined,
  HEALTHCHECK: (stage, text) => (stage.healthcheck = execForm(text.slice(text.indexOf('CMD') + 3))),
  ENTRYPOINT: (stage, text) => (stage.entrypoint = execForm(text)),
  CMD: (stage, text) => (stage.command = execForm(text)),
};

/**
 * Carries out a Dockerfile's steps without a container engine: each stage in a folder, with the
 * Node that runs this in the place of the base image. Refuses instructions that it does not know.
 * Returns the last stage.
 */
export function runDockerfile(context: string, directory: string): Stage {
  const build: Build = { context, directory, sent: sentToBuilder(context), stages: [] };
  for (const [instruction, text] of instructions(join(context, 'Dockerfile'))) {
    if (instruction === 'FROM') {
      build.stages.push(newStage(text, build));
      continue;
    }
    const step = steps[instruction];
    const stage = build.stages.at(-1);
    if (step === undefined || stage === undefined) throw new Error(`cannot do ${instruction}`);
    step(stage, text, build);
  }
  const last = build.stages.at(-1);
  if (last === undefined) throw new Error('the Dockerfile has no stage');
  return last;
}

function instructions(path: string): [string, string][] {
  return readFileSync(path, 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const space = line.indexOf(' ');
      return [line.slice(0, space), line.slice(space + 1).trim()];
    });
}

function newStage(text: string, { directory, stages }: Build): Stage {
  const name = / AS (\S+)$/.exec(text)?.[1] ?? 'final';
  const root = join(directory, `${stages.length}-${name}`);
  mkdirSync(root, { recursive: true });
  const start = { workdir: '/', environment: {}, user: 'root' };
  return { name, root, ...start, entrypoint: [], command: [], healthcheck: [] };
}

function copy(stage: Stage, text: string, build: Build): void {
  const words = text.split(/\s+/);
  const from = /^--from=(.*)$/.exec(words[0] ?? '')?.[1];
  const paths = from === undefined ? words : words.slice(1);
  const target = paths.at(-1) ?? '.';
  for (const source of paths.slice(0, -1)) {
    const name = target.endsWith('/') ? join(target, basename(source)) : target;
    cpSync(sourcePath(source, from, build), inside(stage, name), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

function sourcePath(source: string, from: string | undefined, build: Build): string {
  if (from === undefined) {
    if (!build.sent.has(source)) throw new Error(`.dockerignore leaves out ${source}`);
    return join(build.context, source);
  }
  const stage = build.stages.find(({ name }) => name === from);
  if (stage === undefined) throw new Error(`there is no stage ${from}`);
  return join(stage.root, source);
}

function inside({ root, workdir }: Stage, path: string): string {
  return join(root, resolve(workdir, path));
}

/** Reads a .dockerignore that leaves out everything but some names. */
function sentToBuilder(context: string): Set<string> {
  const lines = readFileSync(join(context, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines[0] !== '*') throw new Error('.dockerignore must begin with *');
  return new Set(lines.slice(1).map((line) => line.replace(/^!/, '')));
}

function execForm(text: string): readonly string[] {
  return JSON.parse(text) as string[];
}
