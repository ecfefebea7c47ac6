import {
  isJsonObject,
  jsonText,
  type JsonValue,
  withoutLoneSurrogates,
} from '../../domain/json.ts';

/** Which members of a document are read: all that there is, or those named, each as far as its own. */
export type Projection = 'whole' | ReadonlyMap<string, Projection>;

/**
 * Writes documents as JSON text with what the projection keeps. A path that leads through something
 * other than an object keeps that as it is, so that the reader finds there what it would have found.
 */
export function projectedText(projection: Projection): (document: JsonValue) => string {
  if (projection === 'whole') return jsonText;
  const write = writerOf(projection);
  return (document) => withoutLoneSurrogates(write(document));
}

type Write = (value: JsonValue) => string;

function writerOf(projection: Projection): Write {
  if (projection === 'whole') return (value) => JSON.stringify(value);
  const members = Array.from(projection, ([name, part]) => ({
    name,
    label: `${JSON.stringify(name)}:`,
    write: writerOf(part),
  }));
  return (value) => {
    if (!isJsonObject(value)) return JSON.stringify(value);
    let text = '';
    for (const { name, label, write } of members) {
      const member = Object.hasOwn(value, name) ? value[name] : undefined;
      if (member === undefined) continue;
      text += text === '' ? label : `,${label}`;
      text += write(member);
    }
    return `{${text}}`;
  };
}
