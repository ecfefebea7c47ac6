import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writtenFile } from '../config/written-file.ts';
import { FakeWorld } from './fake-context.ts';

test('a key that would steer the terminal is spelled out, by validate and by serve', async () => {
  const file = writtenFile('"\\u001b[2J": 1\n', 'steering.yaml');
  for (const command of ['validate', 'serve']) {
    const world = new FakeWorld();
    await world.run(command, '-c', file);
    const said = world.stdout + world.stderr;
    assert.match(said, /:1: \\u001b\[2J: /);
    assert.ok(!said.includes('\u001b'));
  }
});
