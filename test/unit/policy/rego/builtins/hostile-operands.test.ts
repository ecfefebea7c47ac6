import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { BuiltinError, BuiltinHalt } from '../../../../../src/policy/rego/builtin.ts';
import { readRego, writeRego } from '../../../../../src/policy/rego/text.ts';
import { serverBuiltins } from '../../../../conformance/server-builtins.ts';
import { callOf } from './oracle.ts';

/** Room for a slow machine; each of these took from 1 s to 50 s before it was bounded. */
const maxMs = 1000;

function list(length: number, member: (at: number) => string): string {
  return `[${Array.from({ length }, (_, at) => member(at)).join()}]`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

const nested = (innermost: string) => `${'{"a":'.repeat(900)}${innermost}${'}'.repeat(900)}`;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 });
const jwk = JSON.stringify(privateKey.export({ format: 'jwk' }));
const slowKey = generateKeyPairSync('ec', { namedCurve: 'secp521r1' });
const slowKeyText = slowKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const slowJwks = JSON.stringify({
  keys: Array.from({ length: 500 }, () => slowKey.publicKey.export({ format: 'jwk' })),
});
const loops = '{{range .a}}{{range $.a}}{{eq $.b $.c}}{{end}}{{end}}';
const dense = Array.from(
  { length: 200 },
  (_, at) => `"${at}":${list(200, (to) => quoted(String(to)))}`,
);

/** Operands as a policy may pass them within its fuel, as Rego's text. */
const hostile: readonly (readonly [builtin: string, what: string, operands: readonly string[]])[] =
  [
    ['graph.reachable_paths', 'all to all', [`{${dense.join()}}`, '["0"]']],
    [
      'graphql.schema_is_valid',
      'unknown types',
      [quoted(`union U=${Array.from({ length: 1500 }, (_, at) => `T${at}`).join('|')}`)],
    ],
    ['crypto.parse_private_keys', 'many keys', [quoted(slowKeyText.repeat(5000))]],
    [
      'crypto.x509.parse_certificates',
      'many that begin before one ends',
      [quoted(`${'-----BEGIN A-----\n'.repeat(3e4)}-----END A-----\n`)],
    ],
    ['indexof_n', 'a long part that overlaps', [quoted('a'.repeat(2e5)), quoted('a'.repeat(1e5))]],
    ['io.jwt.encode_sign', 'a long key', ['{"alg":"RS256"}', '{}', jwk]],
    [
      'io.jwt.verify_es512',
      'hundreds of keys on a slow curve',
      [quoted(`e30.e30.${'A'.repeat(176)}`), quoted(slowJwks)],
    ],
    [
      'json.marshal_with_options',
      'a wide indent',
      [list(1e5, () => '1'), `{"pretty":true,"indent":${quoted(' '.repeat(1000))}}`],
    ],
    [
      'json.match_schema',
      'a long enumeration',
      [list(2e4, String), `{"items":{"enum":${list(2000, (at) => `-${at}`)}}}`],
    ],
    [
      'json.patch',
      'a document copied into itself',
      ['{"a":[1]}', list(40, () => '{"op":"copy","from":"","path":"/a/-"}')],
    ],
    [
      'json.patch',
      'a large object changed often',
      [
        `{${Array.from({ length: 5000 }, (_, at) => `"k${at}":1`).join()}}`,
        list(3000, (at) => `{"op":"add","path":"/n${at}","value":1}`),
      ],
    ],
    [
      'net.cidr_contains_matches',
      'each with each',
      [list(6000, () => '"10.0.0.0/8"'), list(6000, () => '"10.0.0.1"')],
    ],
    ['net.cidr_expand', 'a wide block', ['"10.0.0.0/8"']],
    ['net.cidr_expand', 'all addresses', ['"::/0"']],
    ['numbers.range_step', 'a wide range', ['1', '1000000000', '1']],
    ['numbers.range_step', 'integers beyond all doubles', ['0', `1${'0'.repeat(500)}`, '1']],
    ['object.subset', 'a run that nearly is', [list(5e4, () => '1'), `[${'1,'.repeat(25_000)}2]`]],
    ['object.subset', 'a deep one', [nested(list(2e4, String)), nested(list(2e4, () => '1'))]],
    [
      'regex.find_n',
      'a pattern that is small when written',
      [quoted('a{1000}'.repeat(500)), '"a"', '1'],
    ],
    ['regex.find_n', 'repetitions', [quoted('(?:a{0,1000}b?)+$'), quoted('a'.repeat(2e4)), '-1']],
    ['regex.replace', 'a search for each match', [quoted('a'.repeat(1e5)), '"a[^b]*b|a"', '"x"']],
    [
      'regex.replace',
      'a long replacement',
      [quoted('a'.repeat(5000)), '"a"', quoted('b'.repeat(1e5))],
    ],
    ['regex.globs_match', 'stars', [quoted('a*b*'.repeat(2e4)), quoted('b*a*'.repeat(2e4))]],
    ['sprintf', 'a wide field', ['"%1000000d"', '[1]']],
    [
      'sprintf',
      'one argument again and again',
      [quoted('%[1]q'.repeat(4e4)), `[${quoted('9'.repeat(1000))}]`],
    ],
    ['sprintf', 'a long number', ['"%d"', `[${'9'.repeat(5e5)}]`]],
    [
      'strings.any_prefix_match',
      'each with each',
      [list(5e4, () => '"a"'), list(5e4, () => '"b"')],
    ],
    [
      'strings.any_suffix_match',
      'each with each',
      [list(5e4, () => '"a"'), list(5e4, () => '"b"')],
    ],
    [
      'strings.render_template',
      'long texts compared in loops',
      [
        quoted(loops),
        `{"a":${list(300, () => '1')},"b":${quoted('x'.repeat(5e4))},"c":${quoted('x'.repeat(5e4))}}`,
      ],
    ],
    [
      'strings.render_template',
      'a text that doubles',
      [
        quoted('{{$x := "aaaa"}}{{range .a}}{{$x = print $x $x}}{{end}}'),
        `{"a":${list(60, () => '1')}}`,
      ],
    ],
    ['units.parse', 'a great exponent', ['"1e999999"']],
    ['units.parse_bytes', 'a long number', [quoted('9'.repeat(5e5))]],
    ['yaml.is_valid', 'quotes', [quoted('"'.repeat(2e5))]],
    ['yaml.unmarshal', 'tags', [quoted('!!x '.repeat(5e4))]],
  ];

for (const [name, what, operands] of hostile) {
  test(`${name} ends in time when it is given ${what}`, () => {
    const builtin = serverBuiltins.get(name);
    assert.ok(builtin);
    const values = operands.map(readRego);
    const call = callOf();
    const startedMs = performance.now();
    try {
      const answer = builtin(call, ...values);
      if (answer !== undefined) writeRego(answer);
    } catch (error) {
      assert.ok(error instanceof BuiltinHalt || error instanceof BuiltinError, String(error));
    }
    assert.ok(performance.now() - startedMs < maxMs);
  });
}
