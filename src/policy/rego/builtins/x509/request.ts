import type { RegoValue } from '../../value.ts';
import {
  derBits,
  derInteger,
  derOid,
  derTags,
  DerSequence,
  malformed,
  readDer,
  readDerValues,
  type Der,
} from './der.ts';
import { orNull, regoObject } from '../rego-object.ts';
import { extensionObject, readExtensions, subjectAlternativeNames } from './extensions.ts';
import { nameObject } from './name.ts';
import { readPublicKey } from './public-key.ts';
import { signatureAlgorithmNumber } from './signature-algorithm.ts';

const extensionRequest = '1.2.840.113549.1.9.14';
const alternativeNamesId = '2.5.29.17';

/** A request for a certificate (PKCS #10) as Go writes it in JSON. */
export function readCertificateRequest(der: Buffer): RegoValue {
  const request = readDer(der, derTags.sequence);
  const outer = DerSequence.of(request);
  const info = outer.next(derTags.sequence);
  const algorithm = outer.next(derTags.sequence);
  const signature = derBits(outer.next(derTags.bitString)).bytes;
  outer.end();
  const inner = new DerSequence(info.content);
  const version = derInteger(inner.next(derTags.integer));
  const subject = inner.next(derTags.sequence).raw;
  const spki = inner.next(derTags.sequence).raw;
  const attributes = readDerValues(inner.optional(0xa0)?.content ?? Buffer.alloc(0));
  const extensions = attributes.flatMap(requestedExtensions);
  const names = extensions.find(({ id }) => id.join('.') === alternativeNamesId);
  const publicKey = readPublicKey(spki);
  const { URIStrings: _, ...alternatives } = subjectAlternativeNames(names?.value ?? emptySequence);
  return regoObject({
    Raw: der.toString('base64'),
    RawTBSCertificateRequest: info.raw.toString('base64'),
    RawSubjectPublicKeyInfo: spki.toString('base64'),
    RawSubject: subject.toString('base64'),
    Version: Number(version),
    Signature: signature.toString('base64'),
    SignatureAlgorithm: signatureAlgorithmNumber(algorithm),
    PublicKeyAlgorithm: publicKey.algorithm,
    PublicKey: publicKey.shape,
    Subject: nameObject(subject),
    Attributes: orNull(attributes.flatMap(attributeOfNames)),
    Extensions: orNull(extensions.map(extensionObject)),
    ExtraExtensions: null,
    ...alternatives,
  });
}

const emptySequence = Buffer.from([derTags.sequence, 0]);

function requestedExtensions(attribute: Der) {
  const members = DerSequence.of(attribute);
  if (derOid(members.next(derTags.oid)).join('.') !== extensionRequest) return [];
  return readExtensions(readDer(members.next(derTags.set).content, derTags.sequence));
}

/** Go reads an attribute only where it is a set of sequences of types and values. */
function attributeOfNames(attribute: Der): RegoValue[] {
  const members = DerSequence.of(attribute);
  const oid = derOid(members.next(derTags.oid));
  const sets = readDerValues(members.next(derTags.set).content);
  if (oid.join('.') !== extensionRequest) return [];
  const value = sets.map((sequence) => readDerValues(sequence.content).map(typeAndValue));
  return value.some((one) => one.includes(undefined))
    ? []
    : [
        regoObject({
          Type: oid,
          Value: value.map((one) => one.filter((entry) => entry !== undefined)),
        }),
      ];
}

function typeAndValue(extension: Der): RegoValue | undefined {
  const [id, value, ...more] = readDerValues(extension.content);
  if (id === undefined || value === undefined) throw malformed('an attribute is none');
  if (more.length > 0 || value.tag !== derTags.octetString) return undefined;
  return regoObject({ Type: derOid(id), Value: value.content.toString('base64') });
}
