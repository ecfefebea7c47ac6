import { filledScalar, type Node, withValue } from './schema/node.ts';
import { nearest } from './schema/nearest.ts';
import type { Problem } from './problem.ts';
import type { Schema } from './schema/schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'SALLYPORT_';

/**
 * Kubernetes sets these in every pod for a Service that is called sallyport, or sallyport-…
 * They are nobody's attempt to configure anything.
 */
function isServiceLink(name: string, text: string): boolean {
  return linkName.test(name) || (name.endsWith('_PORT') && linkUrl.test(text));
}

const linkUrl = /^(?:tcp|udp|sctp):\/\//;
const linkName =
  /_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;

/** `server.maxMessage` is `SALLYPORT_SERVER_MAX_MESSAGE`. */
function variableName(path: readonly string[]): string {
  const words = path.map((key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`));
  return prefix + words.join('_').toUpperCase();
}

/** The document with the values of `SALLYPORT_…` variables in the place of its own. */
export function overlayEnvironment(
  root: Node,
  schema: Schema<unknown>,
  environment: Environment,
  problems: Problem[],
): Node {
  const paths = new Map(leafPaths(schema).map((path) => [variableName(path), path]));
  let overlaid = root;
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined || !name.startsWith(prefix)) continue;
    const path = paths.get(name);
    if (path !== undefined) overlaid = withValue(overlaid, path, filledScalar(text, placeOf(name)));
    else if (!isServiceLink(name, text)) problems.push(unknownVariable(name, paths.keys()));
  }
  return overlaid;
}

function leafPaths(schema: Schema<unknown>, path: readonly string[] = []): (readonly string[])[] {
  if (schema.rows === undefined) return [path];
  return schema.rows.flatMap(([, key]) => leafPaths(key.schema, [...path, key.name]));
}

function placeOf(variable: string): { file: string } {
  return { file: `$${variable}` };
}

function unknownVariable(name: string, known: Iterable<string>): Problem {
  const close = nearest(name, known);
  const message =
    close === undefined
      ? 'is not a setting; the names are in docs/configuration.md'
      : `is not a setting; did you mean ${close}?`;
  return { ...placeOf(name), path: '', message };
}
