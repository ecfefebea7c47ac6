import * as fc from 'fast-check';

/** Random CheckRequests, in the form that protobufjs takes. */

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.constant(''));
const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', 'x-a'));
const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
const uint32 = fc.nat({ max: 0xffff_ffff });
const int32 = fc.integer();

/** Own keys only, also one named `__proto__`. */
function map<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  return fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: false });
}

function message(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  return fc.record(fields, { requiredKeys: [] });
}

const { struct } = fc.letrec<{ value: object; struct: object }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant({ nullValue: 0 }),
    fc.record({ numberValue: fc.double({ noNaN: true }) }),
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ structValue: tie('struct') }),
    fc.record({ listValue: fc.record({ values: fc.array(tie('value'), { maxLength: 3 }) }) }),
  ),
  struct: fc.record({ fields: map(tie('value')) }),
}));

const metadata = message({
  filterMetadata: map(struct),
  typedFilterMetadata: map(message({ type_url: text, value: bytes })),
});

const port = fc.oneof(fc.record({ portValue: uint32 }), fc.record({ namedPort: text }));
const socketAddress = fc
  .tuple(
    message({
      protocol: fc.constantFrom(0, 1),
      address: text,
      resolverName: text,
      ipv4Compat: fc.boolean(),
    }),
    fc.option(port, { nil: {} }),
  )
  .map(([fields, chosen]) => ({ ...fields, ...chosen }));

const address = fc.oneof(
  fc.record({ socketAddress }),
  fc.record({ pipe: message({ path: text, mode: uint32 }) }),
  fc.record({ envoyInternalAddress: message({ serverListenerName: text, endpointId: text }) }),
  fc.constant({}),
);

const peer = message({
  address,
  service: text,
  labels: map(text),
  principal: text,
  certificate: text,
});

const http = message({
  id: text,
  method: text,
  headers: map(text),
  path: text,
  host: text,
  scheme: text,
  query: text,
  fragment: text,
  size: fc.maxSafeInteger(),
  protocol: text,
  body: text,
  rawBody: bytes,
  headerMap: message({
    headers: fc.array(message({ key: text, value: text, rawValue: bytes }), { maxLength: 4 }),
  }),
});

const attributes = message({
  source: peer,
  destination: peer,
  request: message({ time: message({ seconds: fc.maxSafeInteger(), nanos: int32 }), http }),
  contextExtensions: map(text),
  metadataContext: metadata,
  routeMetadataContext: metadata,
  tlsSession: message({ sni: text }),
});

export const anyCheckRequest: fc.Arbitrary<object> = message({ attributes });
