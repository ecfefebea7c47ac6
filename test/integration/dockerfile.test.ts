import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startProcess, waitFor } from '../e2e/child-process.ts';
import { runDockerfile, type Stage } from '../setup/dockerfile-steps.ts';
import { requireTool } from '../setup/find-tool.ts';

const projectRoot = join(import.meta.dirname, '../..');

test('hadolint finds nothing in the Dockerfile', () => {
  const { status, stdout } = spawnSync(requireTool('hadolint'), ['Dockerfile'], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  assert.equal(stdout, '');
  assert.equal(status, 0);
});

test('what the Dockerfile builds serves as a user who can change nothing', async (t) => {
  const image = runDockerfile(projectRoot, temporaryDirectory(t));
  assert.equal(image.user, '65532:65532');
  const node = installNode(image);
  execFileSync('chmod', ['-R', 'a-w', image.root]);

  const program = startProcess(node, [...image.entrypoint.slice(1), ...image.command], {
    cwd: join(image.root, image.workdir),
    ...asUser(image.user),
    env: {
      ...image.environment,
      SALLYPORT_SERVER_ADDRESS: '127.0.0.1:0',
      SALLYPORT_ADMIN_ADDRESS: '127.0.0.1:0',
    },
  });
  t.after(() => program.stop());
  const port = await waitFor('ready', () => readyAdminPort(program.stderr()), { program });

  const [, ...check] = image.healthcheck.map((word) => word.replace(':9192/', `:${port}/`));
  assert.equal(spawnSync(node, check).status, 0, 'the health check finds a healthy server');
  assert.equal(await program.stop(), 0);
  assert.equal(spawnSync(node, check).status, 1, 'the health check notices that it is gone');
});

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-image-'));
  chmodSync(directory, 0o755);
  t.after(() => {
    execFileSync('chmod', ['-R', 'u+w', directory]);
    rmSync(directory, { recursive: true });
  });
  return directory;
}

/** The base image's part: a Node that every user may run. */
function installNode({ root }: Stage): string {
  const directory = join(root, 'usr/local/bin');
  mkdirSync(directory, { recursive: true });
  const node = join(directory, 'node');
  copyFileSync(process.execPath, node);
  return node;
}

/** Only root may become somebody else; anyone else is already not root. */
function asUser(user: string): { uid?: number; gid?: number } {
  const [uid, gid] = user.split(':').map(Number);
  return process.getuid?.() === 0 && uid !== undefined && gid !== undefined ? { uid, gid } : {};
}

/** The admin address is the one of those that the server names that answers on /readyz. */
async function readyAdminPort(stderr: string): Promise<number | undefined> {
  for (const [, port] of stderr.matchAll(/127\.0\.0\.1:(\d+)/g)) {
    try {
      const response = await fetch(`http://127.0.0.1:${port ?? ''}/readyz`);
      if (response.ok) return Number(port);
    } catch {
      // Not this one, or not yet.
    }
  }
  return undefined;
}
