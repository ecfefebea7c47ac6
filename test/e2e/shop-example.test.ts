import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { requireTool } from '../setup/find-tool.ts';
import { startProcess, waitFor } from './child-process.ts';

const start = join(import.meta.dirname, '../../examples/shop/start.ts');
const execute = promisify(execFile);

interface Shop {
  readonly menu: string;
  readonly folder: string;
  /** As a person would type it; `status` is the command's own. */
  type(command: string): Promise<{ status: number; stdout: string }>;
  close(): Promise<number | NodeJS.Signals>;
}

async function openShop(t: TestContext, envoy: string): Promise<Shop> {
  const program = startProcess(process.execPath, [start], { env: { ENVOY: envoy } });
  t.after(() => program.stop());
  const isOpen = () => program.stdout().includes('Ctrl-C closes the shop.') || undefined;
  await waitFor('the shop', isOpen, { program, withinMs: 60_000 });
  const menu = program.stdout();
  const folder = /^ {2}cd (.+)$/m.exec(menu)?.[1] ?? '';
  return {
    menu,
    folder,
    type: async (command) => {
      const options = { cwd: folder, timeout: 60_000 };
      const ran = await execute('sh', ['-c', command], options).catch(
        (error: { code: number; stdout: string }) => error,
      );
      return { status: 'code' in ran ? ran.code : 0, stdout: ran.stdout };
    },
    close: async () => {
      program.signal('SIGINT');
      return waitFor('its end', () => program.endedWith());
    },
  };
}

/** What the menu offers to try. */
function attemptsIn({ menu }: Shop) {
  const lines = menu.matchAll(/^ {2}(\d{3}) {2}(.+)\n {7}(.+)$/gm);
  return Array.from(lines, ([, status = '', about = '', command = '']) => ({
    status: Number(status),
    about,
    command,
  }));
}

test('the shop of the examples does what it says, through Envoy, and leaves nothing', async (t) => {
  const shop = await openShop(t, requireTool('envoy'));
  const attempts = attemptsIn(shop);
  assert.equal(attempts.length, 10);
  for (const { status, about, command } of attempts) {
    const { stdout } = await shop.type(command);
    const statuses = Array.from(stdout.matchAll(/^HTTP\/\S+ (\d+)/gm), ([, each]) => Number(each));
    assert.equal(statuses.at(-1), status, `${about}\n${command}\n${stdout}`);
    if (about.startsWith('granted')) assert.match(stdout, /"x-sallyport-rule": "grant\/\w{8}"/);
  }
  const lookedAt = Array.from(
    shop.menu.matchAll(/^ {2}[a-z ]+ {2}(node .+)$/gm),
    ([, line]) => line,
  );
  assert.equal(lookedAt.length, 4);
  for (const command of lookedAt) {
    const { status, stdout } = await shop.type(command ?? '');
    assert.equal(status, 0, `${command}\n${stdout}`);
  }
  assert.ok(existsSync(join(shop.folder, 'shop.svg')));
  assert.equal(await shop.close(), 0);
  assert.ok(!existsSync(shop.folder));
});

test('where there is no Envoy, Sallyport itself is asked', async (t) => {
  const shop = await openShop(t, '/nowhere/envoy');
  assert.match(shop.menu, /without Envoy/);
  const attempts = attemptsIn(shop);
  for (const about of ['allowed: with one', 'denied: an order needs a tenant', 'granted']) {
    const attempt = attempts.find((each) => each.about.startsWith(about));
    const { status, stdout } = await shop.type(attempt?.command ?? '');
    assert.equal(status, attempt?.status === 200 ? 0 : 1, `${attempt?.command}\n${stdout}`);
  }
  assert.equal(await shop.close(), 0);
});
