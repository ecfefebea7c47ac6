import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Projection } from '../../../../../src/policy/input/projection.ts';
import { readModule } from '../../../../../src/policy/wasm/policy-module.ts';
import { inputProjections } from '../../../../../src/policy/wasm/projection/input-projections.ts';
import { headerBytes } from '../../../../../src/policy/wasm/sections.ts';
import { readModule as readFixture } from '../fixture-modules.ts';

/** As it is told here: `whole`, or an object of what is read. */
type Told = 'whole' | { readonly [key: string]: Told };

function told(projection: Projection): Told {
  if (projection === 'whole') return projection;
  return Object.fromEntries(Array.from(projection, ([key, part]) => [key, told(part)]));
}

const { wasm } = await readFixture('test/fixtures/bundles/reads.tar.gz');
const { entrypoints } = readModule(wasm);

function readBy(rule: string, module: Uint8Array = wasm): Told {
  const name = `envoy/authz/${rule}`;
  const entrypoint = entrypoints.get(name);
  assert.ok(entrypoint !== undefined);
  const projections = inputProjections(module, new Map([[name, entrypoint]]));
  return told(projections.get(name) ?? 'whole');
}

/** Whether it is there, and if it is no object, what it is. */
const asked = {};

/** Rules of test/fixtures/policies/reads, and what they read. */
const rules: Readonly<Record<string, Told>> = {
  allow: {
    request: { method: asked, headers: { 'x-tenant': 'whole' } },
    tenant: { name: 'whole' },
  },
  constant: {},
  whole: 'whole',
  counted: 'whole',
  marshalled: 'whole',
  walked: { tree: 'whole' },
  absent: { a: { b: asked } },
  negated: { a: 'whole' },
  iterated: { items: 'whole' },
  members: { items: 'whole' },
  every_one: { items: 'whole', wanted: { id: 'whole' } },
  dynamic_key: { headers: 'whole', name: 'whole' },
  numbered: { list: 'whole' },
  by_variable: { a: { b: asked } },
  // A rule with two definitions compares their values.
  by_rule: { kind: asked, user: 'whole', service: 'whole' },
  by_only_definition: { user: { name: asked, id: asked } },
  by_result: { user: { part: { id: asked } } },
  by_default: { a: { x: { c: asked } }, b: { c: asked } },
  by_function: { user: { name: 'whole' } },
  by_function_of_all: { name: 'whole' },
  given_default: { headers: { x: asked }, fallback: asked },
  given_path: { headers: 'whole' },
  pattern: 'whole',
  list_pattern: { subject: 'whole' },
  replaced: { other: { name: 'whole' } },
  replaced_member: {
    other: { name: 'whole' },
    kind: asked,
    user: 'whole',
    service: 'whole',
  },
  replaced_data: { shop: 'whole' },
  // It may be any rule, and there is one that reads everything.
  dynamic_rule: 'whole',
  set_of: { user: { name: 'whole' } },
  object_of: { user: { name: 'whole' }, service: 'whole' },
  compared: { a: 'whole', b: 'whole' },
  // U+FFFD is what many keys become.
  odd_keys: 'whole',
  looped: { grid: 'whole', wanted: { id: 'whole' } },
  text: { user: { name: 'whole' }, service: { name: 'whole' } },
};

for (const [rule, reads] of Object.entries(rules)) {
  test(`what ${rule} reads is found`, () => {
    assert.deepEqual(readBy(rule), reads);
  });
}

test('a long path is read whole where it gets too long', () => {
  const steps = 'a b c d e f g h i j k l m n o p'.split(' ');
  const expected = steps.reduceRight<Told>((below, step) => ({ [step]: below }), 'whole');
  assert.deepEqual(readBy('deep'), expected);
});

test('every entrypoint of the fixture has its row', () => {
  const named = Object.keys({ ...rules, deep: asked }).map((rule) => `envoy/authz/${rule}`);
  assert.deepEqual([...entrypoints.keys()].toSorted(), named.toSorted());
});

test('a module without names is given everything', () => {
  const sectionName = Uint8Array.of(4, ...Buffer.from('name'));
  const start = Buffer.from(wasm).indexOf(sectionName);
  assert.ok(start > 0);
  const unnamed = Uint8Array.from(wasm);
  unnamed[start + 1] = 'N'.charCodeAt(0);
  assert.equal(readBy('allow', unnamed), 'whole');
});

test('a module of something else is given everything', () => {
  for (const length of [0, 4, headerBytes, 20, 1000, 100_000]) {
    assert.equal(readBy('allow', wasm.subarray(0, length)), 'whole');
  }
});

test('no module is taken for another: one that is changed anywhere is read, or given everything', () => {
  const changed = Uint8Array.from(wasm);
  for (let at = headerBytes; at < changed.length; at += 97) {
    const byte = changed[at] ?? 0;
    changed[at] = byte ^ 0xff;
    assert.doesNotThrow(() => readBy('allow', changed));
    changed[at] = byte;
  }
});
