import type {
  AttributeContext,
  HeaderMapEntry,
  HttpAttributes,
  Peer,
  RequestAttributes,
} from '../domain/request/attributes.ts';
import { addressField } from './decode-address.ts';
import { metadataField } from './decode-metadata.ts';
import { emptyMap } from '../domain/empty-map.ts';
import { put } from './put.ts';
import { WireReader } from './wire-reader.ts';

/**
 * Decodes `envoy.service.auth.v3.CheckRequest`. Undefined when the bytes are not a valid message;
 * never throws. Written by hand because a check spends much of its time here; the tests hold it
 * against protobufjs and `proto/`.
 */
export function decodeCheckRequest(bytes: Uint8Array): AttributeContext | undefined {
  const reader = new WireReader(bytes);
  const attributes = reader.fields<AttributeContext>({}, checkRequestField);
  return reader.failed ? undefined : attributes;
}

function checkRequestField(reader: WireReader, field: number, attributes: AttributeContext): void {
  if (field === 1) reader.message(attributes, attributesField);
  else reader.skip();
}

function attributesField(reader: WireReader, field: number, attributes: AttributeContext): void {
  switch (field) {
    case 1:
      attributes.source = reader.message(attributes.source ?? {}, peerField);
      break;
    case 2:
      attributes.destination = reader.message(attributes.destination ?? {}, peerField);
      break;
    case 4:
      attributes.request = reader.message(attributes.request ?? {}, requestField);
      break;
    case 10:
      readMapEntry(reader, (attributes.contextExtensions ??= emptyMap()));
      break;
    case 11:
      attributes.metadataContext = reader.message(attributes.metadataContext ?? {}, metadataField);
      break;
    case 12:
      attributes.tlsSession = reader.message(attributes.tlsSession ?? {}, tlsSessionField);
      break;
    case 13:
      attributes.routeMetadataContext = reader.message(
        attributes.routeMetadataContext ?? {},
        metadataField,
      );
      break;
    default:
      reader.skip();
  }
}

function peerField(reader: WireReader, field: number, peer: Peer): void {
  switch (field) {
    case 1:
      peer.address = reader.message(peer.address ?? {}, addressField);
      break;
    case 2:
      put(peer, 'service', reader.string());
      break;
    case 3:
      readMapEntry(reader, (peer.labels ??= emptyMap()));
      break;
    case 4:
      put(peer, 'principal', reader.string());
      break;
    case 5:
      put(peer, 'certificate', reader.string());
      break;
    default:
      reader.skip();
  }
}

function requestField(reader: WireReader, field: number, request: RequestAttributes): void {
  switch (field) {
    case 1:
      request.time = reader.message(request.time ?? {}, timestampField);
      break;
    case 2:
      request.http = reader.message(request.http ?? {}, httpField);
      break;
    default:
      reader.skip();
  }
}

type Timestamp = NonNullable<RequestAttributes['time']>;

function timestampField(reader: WireReader, field: number, time: Timestamp): void {
  switch (field) {
    case 1:
      put(time, 'seconds', reader.int64());
      break;
    case 2:
      put(time, 'nanos', reader.int32());
      break;
    default:
      reader.skip();
  }
}

function httpField(reader: WireReader, field: number, http: HttpAttributes): void {
  switch (field) {
    case 3:
      readMapEntry(reader, (http.headers ??= emptyMap()));
      break;
    case 9:
      put(http, 'size', reader.int64());
      break;
    case 12:
      put(http, 'rawBody', reader.bytes());
      break;
    case 13:
      http.headerMap = reader.message(http.headerMap ?? {}, headerMapField);
      break;
    default: {
      const name = httpStrings[field];
      if (name === undefined) reader.skip();
      else put(http, name, reader.string());
    }
  }
}

/** HttpRequest's string fields, by number. */
const httpStrings = [
  undefined,
  'id',
  'method',
  undefined,
  'path',
  'host',
  'scheme',
  'query',
  'fragment',
  undefined,
  'protocol',
  'body',
] as const;

type HeaderMap = NonNullable<HttpAttributes['headerMap']>;

function headerMapField(reader: WireReader, field: number, map: HeaderMap): void {
  if (field === 1) (map.headers ??= []).push(reader.message({}, headerField));
  else reader.skip();
}

function headerField(reader: WireReader, field: number, header: HeaderMapEntry): void {
  switch (field) {
    case 1:
      put(header, 'key', reader.string());
      break;
    case 2:
      put(header, 'value', reader.string());
      break;
    case 3:
      put(header, 'rawValue', reader.bytes());
      break;
    default:
      reader.skip();
  }
}

type TlsSession = NonNullable<AttributeContext['tlsSession']>;

function tlsSessionField(reader: WireReader, field: number, session: TlsSession): void {
  if (field === 1) put(session, 'sni', reader.string());
  else reader.skip();
}

interface MapEntry {
  key: string;
  value: string;
}

/** One entry of a `map<string, string>`. */
function readMapEntry(reader: WireReader, map: Record<string, string>): void {
  const entry = reader.message<MapEntry>({ key: '', value: '' }, mapEntryField);
  map[entry.key] = entry.value;
}

function mapEntryField(reader: WireReader, field: number, entry: MapEntry): void {
  switch (field) {
    case 1:
      entry.key = reader.name();
      break;
    case 2:
      entry.value = reader.string();
      break;
    default:
      reader.skip();
  }
}
