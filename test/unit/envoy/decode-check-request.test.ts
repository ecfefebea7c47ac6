import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { decodeCheckRequest } from '../../../src/envoy/decode-check-request.ts';
import { attributesOf, mapOf } from './attributes-of.ts';
import { anyCheckRequest } from './check-request-arbitrary.ts';
import { envoyRequest, http } from './envoy-request.ts';
import { checkRequest, upstreamCheckRequest } from './protos.ts';
import { field } from './wire-bytes.ts';

/** CI-sized slices of the random tests; `SALLYPORT_FUZZ_RUNS` makes them longer. */
const runs = Number(process.env['SALLYPORT_FUZZ_RUNS'] ?? 2_000);

function inAttributes(...fields: Buffer[]): Buffer {
  return field(1, Buffer.concat(fields));
}

function header(name: string, value: string): Buffer {
  return field(3, Buffer.concat([field(1, name), field(2, value)]));
}

function nested(levels: number): Buffer {
  let value = field(3, 'deep');
  for (let level = 0; level < levels; level += 1) value = field(6, field(1, value));
  return inAttributes(field(11, structEntry('filter', structEntry('key', value))));
}

function addressOf(...choices: Buffer[]): Buffer {
  return inAttributes(field(1, field(1, Buffer.concat(choices))));
}

function socketOf(...fields: Buffer[]): Buffer {
  return addressOf(field(1, Buffer.concat(fields)));
}

function structEntry(key: string, value: Buffer): Buffer {
  return field(1, Buffer.concat([field(1, key), field(2, value)]));
}

/** A `google.protobuf.Value` as it is decoded inside metadata. */
function metadataValue(...kinds: Buffer[]): unknown {
  const struct = structEntry('key', Buffer.concat(kinds));
  const bytes = inAttributes(field(11, structEntry('filter', struct)));
  const metadata = decodeCheckRequest(bytes)?.metadataContext;
  return JSON.parse(JSON.stringify(metadata?.filterMetadata?.['filter']));
}

function structValue(key: string): Buffer {
  return field(5, structEntry(key, field(3, 'y')));
}

function inHttp(...fields: Buffer[]): Buffer {
  return inAttributes(field(4, field(2, Buffer.concat(fields))));
}

test('a request as Envoy sends it is decoded whole', () => {
  const decoded = decodeCheckRequest(upstreamCheckRequest.encode(envoyRequest));
  const { attributes } = envoyRequest;
  assert.deepEqual(decoded, {
    ...attributes,
    request: { ...attributes.request, http: { ...http, headers: mapOf(http.headers) } },
    contextExtensions: mapOf(attributes.contextExtensions),
  });
});

test('whatever protobufjs can encode is decoded as protobufjs decodes it', () => {
  fc.assert(
    fc.property(anyCheckRequest, (request) => {
      const bytes = checkRequest.encode(request);
      assert.deepEqual(decodeCheckRequest(bytes), attributesOf(checkRequest.decode(bytes)));
    }),
    { numRuns: runs },
  );
});

test('an empty message is a check that says nothing', () => {
  assert.deepEqual(decodeCheckRequest(new Uint8Array()), {});
  assert.deepEqual(decodeCheckRequest(inAttributes()), {});
});

test('a Uint8Array that is not a Buffer, and begins inside another, is decoded alike', () => {
  const bytes = checkRequest.encode(envoyRequest);
  const padded = new Uint8Array(bytes.length + 10);
  padded.set(bytes, 5);
  const view = padded.subarray(5, 5 + bytes.length);
  assert.deepEqual(decodeCheckRequest(view), decodeCheckRequest(bytes));
});

test('a message that occurs twice is merged, and of a scalar the last counts', () => {
  const twice = inAttributes(
    field(1, field(2, 'first')),
    field(1, Buffer.concat([field(2, 'last'), field(4, 'principal')])),
  );
  assert.deepEqual(decodeCheckRequest(twice), {
    source: { service: 'last', principal: 'principal' },
  });
});

test('a scalar that is last empty is absent', () => {
  assert.deepEqual(decodeCheckRequest(inHttp(field(2, 'GET'), field(2, ''))), {
    request: { http: {} },
  });
});

test('of a oneof the last counts', () => {
  const socketAddress = field(1, field(2, '10.0.0.1'));
  const pipe = field(2, field(1, '/run/socket'));
  assert.deepEqual(decodeCheckRequest(addressOf(socketAddress, pipe)), {
    source: { address: { pipe: { path: '/run/socket' } } },
  });
  assert.deepEqual(decodeCheckRequest(addressOf(pipe, socketAddress)), {
    source: { address: { socketAddress: { address: '10.0.0.1' } } },
  });
});

test('of the two kinds of port the last counts, also when it is 0', () => {
  const portValue = Buffer.from([0x18, 0x00]);
  const namedPort = field(4, 'http');
  assert.deepEqual(decodeCheckRequest(socketOf(portValue, namedPort)), {
    source: { address: { socketAddress: { namedPort: 'http' } } },
  });
  assert.deepEqual(decodeCheckRequest(socketOf(namedPort, portValue)), {
    source: { address: { socketAddress: { portValue: 0 } } },
  });
});

test('of a metadata value the last kind counts; structs merge, and lists', () => {
  const list = field(6, field(1, field(3, 'x')));
  assert.deepEqual(metadataValue(), { key: null });
  assert.deepEqual(metadataValue(field(3, 'a'), Buffer.from([0x20, 0x01])), { key: true });
  assert.deepEqual(metadataValue(list, list), { key: ['x', 'x'] });
  assert.deepEqual(metadataValue(structValue('a'), structValue('b')), { key: { a: 'y', b: 'y' } });
  assert.deepEqual(metadataValue(list, structValue('a')), { key: { a: 'y' } });
  assert.deepEqual(metadataValue(structValue('a'), list), { key: ['x'] });
  assert.deepEqual(metadataValue(structValue('a'), Buffer.from([0x08, 0x00])), { key: null });
});

test('of a map key that occurs twice the last counts', () => {
  const decoded = decodeCheckRequest(inHttp(header('x-user', 'a'), header('x-user', 'b')));
  assert.deepEqual({ ...decoded?.request?.http?.headers }, { 'x-user': 'b' });
});

test('headers named after what every object has are headers and nothing else', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  const headers = JSON.parse(
    `{${names.map((name) => `"${name}":"from the client"`).join(',')}}`,
  ) as object;
  const bytes = checkRequest.encode({ attributes: { request: { http: { headers } } } });
  const decoded = decodeCheckRequest(bytes)?.request?.http?.headers ?? {};
  assert.ok(!('valueOf' in decoded));
  assert.deepEqual(Object.keys(decoded).toSorted(), names.toSorted());
  assert.equal(decoded['valueOf'], undefined);
  assert.equal(({} as Record<string, unknown>)['from the client'], undefined);
});

test('fields that are not known are passed over, of every wire type', () => {
  const unknown = Buffer.concat([
    Buffer.from([0xa0, 0x1f, 0x96, 0x01]),
    Buffer.from([0xa1, 0x1f, 1, 2, 3, 4, 5, 6, 7, 8]),
    field(500, 'unknown'),
    Buffer.from([0xa5, 0x1f, 1, 2, 3, 4]),
  ]);
  const bytes = Buffer.concat([unknown, inHttp(unknown, field(2, 'GET'), unknown), unknown]);
  assert.deepEqual(decodeCheckRequest(bytes), { request: { http: { method: 'GET' } } });
});

test('bytes that are not UTF-8 become U+FFFD', () => {
  const decoded = decodeCheckRequest(inHttp(field(4, Buffer.from([0x2f, 0xff, 0x61]))));
  assert.equal(decoded?.request?.http?.path, '/\ufffda');
});

test('a name that was decoded once is not taken for another with the same bytes in front', () => {
  const name = 'x-été';
  for (const sent of [name, 'x-', `${name}s`, name, 'X-été']) {
    const bytes = checkRequest.encode({
      attributes: { request: { http: { headers: { [sent]: '1' } } } },
    });
    assert.deepEqual(Object.keys(decodeCheckRequest(bytes)?.request?.http?.headers ?? {}), [sent]);
  }
});

test('a name in UTF-8 is never taken for one whose bytes are its characters', () => {
  for (let number = 0; number < 5_000; number += 1) {
    decodeCheckRequest(inHttp(header(`\u00e9${number}`, '')));
    const bytes = Buffer.concat([Buffer.from([0xe9]), Buffer.from(String(number))]);
    const decoded = decodeCheckRequest(inHttp(field(3, field(1, bytes))))?.request?.http;
    assert.deepEqual(Object.keys(decoded?.headers ?? {}), [`\ufffd${number}`]);
  }
});

const malformed: readonly [what: string, bytes: Buffer][] = [
  ['a length beyond the end', Buffer.from([0x0a, 0x05, 0x0a])],
  ['a length beyond the enclosing message', Buffer.from([0x0a, 0x02, 0x0a, 0x04, 0, 0, 0, 0])],
  ['a length of 2^64 - 1', Buffer.from([0x0a, ...Array<number>(9).fill(0xff), 0x01])],
  ['a length of 2^32', Buffer.from([0x0a, 0x80, 0x80, 0x80, 0x80, 0x10])],
  ['a varint that does not end', Buffer.from([0x0a, 0x80, 0x80])],
  ['a varint of eleven bytes', inHttp(Buffer.from([0x48, ...Array<number>(10).fill(0x80), 0]))],
  ['a varint of 70 bits', inHttp(Buffer.from([0x48, ...Array<number>(9).fill(0xff), 0x7f]))],
  ['a tag of more than 32 bits', Buffer.from([0x82, 0x80, 0x80, 0x80, 0x10, 0x00])],
  ['field number 0', Buffer.from([0x02, 0x00])],
  ['a group', Buffer.from([0x0b, 0x0c])],
  ['an end of a group', inAttributes(Buffer.from([0x0c]))],
  ['wire type 6', Buffer.from([0x0e])],
  ['wire type 7', Buffer.from([0x0f])],
  ['a string where a message is', Buffer.from([0x08, 0x01])],
  ['a number where a string is', inHttp(Buffer.from([0x10, 0x01]))],
  ['half of a fixed64', Buffer.from([0xa1, 0x1f, 1, 2, 3])],
  ['half of a fixed32', Buffer.from([0xa5, 0x1f, 1])],
  ['half of a double', inAttributes(field(11, field(1, field(2, field(1, field(2, '\x11\x00'))))))],
];

for (const [what, bytes] of malformed) {
  test(`refused: ${what}`, () => {
    assert.equal(decodeCheckRequest(bytes), undefined);
  });
}

test('metadata may nest, but not without end', () => {
  assert.notEqual(decodeCheckRequest(nested(40)), undefined);
  assert.equal(decodeCheckRequest(nested(100)), undefined);
  assert.equal(decodeCheckRequest(nested(2_000)), undefined);
});

test('a truncated message is refused at every length', () => {
  const bytes = checkRequest.encode(envoyRequest);
  for (let length = 1; length < bytes.length; length += 1) {
    assert.equal(decodeCheckRequest(bytes.subarray(0, length)), undefined, `${length} bytes`);
  }
});

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, wrapped) => {
      decodeCheckRequest(wrapped ? inHttp(Buffer.from(bytes)) : bytes);
    }),
    { numRuns: 40 * runs },
  );
});

test('mutated messages never throw', () => {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    byte: fc.nat(255),
    kind: fc.constantFrom('change', 'insert', 'delete'),
  });
  const valid = checkRequest.encode(envoyRequest);
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
      const bytes = [...valid];
      for (const { at, byte, kind } of edits) {
        const index = Math.floor(at * bytes.length);
        if (kind === 'change') bytes[index] = byte;
        else if (kind === 'insert') bytes.splice(index, 0, byte);
        else bytes.splice(index, 1);
      }
      decodeCheckRequest(Uint8Array.from(bytes));
    }),
    { numRuns: 10 * runs },
  );
});

test('ten thousand headers, or a path of 1 MiB, are decoded, and memory returns', () => {
  const headers = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, index) => [`x-header-${index}`, `value ${index}`]),
  );
  const path = `/${'a'.repeat(2 ** 20)}`;
  const bytes = checkRequest.encode({ attributes: { request: { http: { headers, path } } } });
  const decodeMany = (times: number): void => {
    for (let time = 0; time < times; time += 1) {
      const decoded = decodeCheckRequest(bytes)?.request?.http;
      assert.equal(decoded?.path?.length, path.length);
      assert.equal(Object.keys(decoded.headers ?? {}).length, 10_000);
    }
  };
  decodeMany(5);
  const before = usedBytes();
  decodeMany(30);
  assert.ok(usedBytes() - before < 2 * bytes.length, 'what was decoded stays in memory');
});

function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
