import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areaOf, formatProfile } from '../../../bench/profile.ts';

const areas: Readonly<Record<string, string>> = {
  'file:///x/src/policy/input/input-document.ts': 'src/policy',
  'file:///x/src/main.ts': 'src/main.ts',
  'file:///x/node_modules/@grpc/grpc-js/build/src/server.js': '@grpc/grpc-js',
  '/x/node_modules/a/node_modules/b/index.js': 'b',
  'wasm://wasm/0123': 'wasm',
  'node:internal/http2/core': 'node:internal/http2',
  'node:buffer': 'node:buffer',
  '': 'utf8Slice',
};

for (const [url, area] of Object.entries(areas)) {
  test(`${url || 'a native function'} is counted as ${area}`, () => {
    assert.equal(areaOf({ functionName: 'utf8Slice', url, lineNumber: 0 }), area);
  });
}

test('shares are of the time that was not idle', () => {
  const profile = {
    nodes: ['(idle)', 'a', 'b'].map((name, id) => ({ id, callFrame: frame(name) })),
    samples: [0, 1, 2, 1],
    timeDeltas: [900, 20, 25, 55],
  };
  assert.match(formatProfile(profile), /^area +%\na +75\.0\nb +25\.0\n/);
});

function frame(functionName: string) {
  return { functionName, url: '', lineNumber: 0 };
}
