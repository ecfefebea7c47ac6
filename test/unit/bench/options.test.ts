import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CannotMeasure } from '../../../bench/cannot-measure.ts';
import { parseOptions } from '../../../bench/options.ts';

test('without options the load is measured with the documented shape', () => {
  const { mode, launches, rounds, requests, warmUp, connections, streams } = parseOptions([]);
  assert.deepEqual(
    { mode, launches, rounds, requests, warmUp, connections, streams },
    {
      mode: 'load',
      launches: 3,
      rounds: 3,
      requests: 20_000,
      warmUp: 40_000,
      connections: 4,
      streams: 16,
    },
  );
});

test('a peer is a name, an address and a process', () => {
  assert.deepEqual(parseOptions(['--peer', 'opa=[::1]:9191,4711', '--peer=x=h:1,2']).peers, [
    { name: 'opa', address: '[::1]:9191', pid: 4711 },
    { name: 'x', address: 'h:1', pid: 2 },
  ]);
});

const refused: Readonly<Record<string, readonly string[]>> = {
  'no rounds': ['--rounds', '0'],
  'half a request': ['--requests', '1.5'],
  'requests in another base': ['--requests', '0x10'],
  'a budget of nothing': ['--budget', ''],
  'a budget below nothing': ['--budget=-1'],
  'a peer without a process': ['--peer', 'opa=127.0.0.1:9191'],
  'a peer without a port': ['--peer', 'opa=127.0.0.1,4711'],
  'an unknown variant': ['--variant', 'faster'],
  'an unknown option': ['--fast'],
  'an unknown mode': ['macro'],
  'two modes': ['micro', 'load'],
};

for (const [what, args] of Object.entries(refused)) {
  test(`${what} is refused`, () => {
    assert.throws(() => parseOptions(args), CannotMeasure);
  });
}
