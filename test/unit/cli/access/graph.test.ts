import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeWorld } from '../fake-context.ts';

const shop = 'examples/shop/access.yaml';
const web = 'spiffe://shop.example/ns/shop/sa/web';

test('the graph of the example comes in every format', async () => {
  const starts = { svg: '<svg ', dot: 'digraph ', mermaid: 'flowchart ', json: '{"nodes":' };
  for (const [format, start] of Object.entries(starts)) {
    const world = new FakeWorld();
    assert.equal(await world.run('graph', shop, '--format', format), 0, world.stderr);
    assert.ok(world.stdout.startsWith(start), world.stdout);
  }
});

test('a configuration leads to its document, and ways are told hop by hop', async () => {
  const world = new FakeWorld();
  const args = ['-c', 'examples/shop/sallyport.yaml', '--from', web, '--to', 'billing', '--paths'];
  assert.equal(await world.run('graph', ...args), 0, world.stderr);
  assert.match(
    world.stdout,
    /^spiffe:\S+ → orders \(GET \/orders; .*\) → billing \(POST \/invoices\)$/m,
  );
});

test('no is an answer, and a name that is not there is none', async () => {
  const answers: readonly (readonly [args: readonly string[], status: number, says: RegExp])[] = [
    [
      ['--from', 'billing', '--to', 'orders', '--paths'],
      1,
      /there is no way from billing to orders/,
    ],
    [['--from', 'billing'], 1, /^flowchart/],
    [['--to', 'odrers'], 2, /did you mean orders\?/],
    [['--from', 'sotck'], 2, /did you mean stock\?/],
    [['--format', 'png'], 2, /is none of svg, dot, mermaid, json/],
    [['--paths'], 2, /--paths needs --from and --to/],
  ];
  for (const [args, status, says] of answers) {
    const world = new FakeWorld();
    assert.equal(await world.run('graph', shop, ...args), status);
    assert.match(world.stdout + world.stderr, says);
  }
});
