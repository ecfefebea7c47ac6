import { RegoObject, type RegoValue } from '../../value.ts';
import { derOid, derTags, derText, DerSequence, malformed, readDer, readDerValues } from './der.ts';
import { orNull, regoObject } from '../rego-object.ts';

/** The attributes of a name that Go calls by name; of the first two the last value counts. */
const attributes: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CommonName'],
  ['2.5.4.5', 'SerialNumber'],
  ['2.5.4.6', 'Country'],
  ['2.5.4.7', 'Locality'],
  ['2.5.4.8', 'Province'],
  ['2.5.4.9', 'StreetAddress'],
  ['2.5.4.10', 'Organization'],
  ['2.5.4.11', 'OrganizationalUnit'],
  ['2.5.4.17', 'PostalCode'],
]);
const single = new Set(['CommonName', 'SerialNumber']);

/** A distinguished name as Go's pkix.Name is written. */
export function nameObject(raw: Buffer): RegoObject {
  const names = readAttributes(raw);
  const valuesOf = (wanted: string) =>
    names.filter(({ oid }) => attributes.get(oid.join('.')) === wanted).map(({ text }) => text);
  const members = Array.from(attributes.values(), (name) => {
    const values = valuesOf(name);
    return [name, single.has(name) ? (values.at(-1) ?? '') : orNull(values)] as const;
  });
  return RegoObject.of([
    ...members,
    ['Names', orNull(names.map(({ oid, text }) => regoObject({ Type: oid, Value: text })))],
    ['ExtraNames', null] satisfies [string, RegoValue],
  ]);
}

interface Attribute {
  readonly oid: readonly number[];
  readonly text: string;
}

function readAttributes(raw: Buffer): readonly Attribute[] {
  return readDerValues(readDer(raw, derTags.sequence).content).flatMap((relative) => {
    if (relative.tag !== derTags.set) throw malformed('a name is no sequence of sets');
    return readDerValues(relative.content).map((attribute) => {
      const members = DerSequence.of(attribute);
      const oid = derOid(members.next(derTags.oid));
      return { oid, text: derText(members.next()) };
    });
  });
}
