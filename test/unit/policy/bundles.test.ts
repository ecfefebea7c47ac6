import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { requireTool } from '../../setup/find-tool.ts';

const root = join(import.meta.dirname, '../../..');

function run(command: string, ...options: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, options, {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

test('the committed bundles are what the policies compile to', () => {
  run(process.execPath, join(root, 'test/setup/build-bundles.ts'), '--check');
});

test("the policies' own tests pass", () => {
  assert.match(run(requireTool('opa'), 'test', 'policies'), /^PASS: (\d+)\/\1$/m);
});

test('the policies are formatted and have no lint', () => {
  run(requireTool('opa'), 'fmt', '--fail', '--list', 'policies', 'test/fixtures/policies');
  run(requireTool('opa'), 'check', '--strict', 'policies');
});
