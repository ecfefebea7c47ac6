import { resolve } from 'node:path';
import { messageOf } from '../domain/fault-message.ts';
import { filledScalar, type BrokenNode, type ScalarNode } from './schema/node.ts';
import type { Problem } from './problem.ts';
import { readText } from './yaml/read-file.ts';

/** What `${…}` is filled from. Relative file names are relative to `directory`. */
export interface Sources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
}

/** `$${` first: it stands for a plain `${`. */
const referencePattern = /\$\$\{|\$\{([^}]*)(\}?)/g;
const variablePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Fills `${VAR}` and `${file:/path}` in a text. What is filled in is not read again. */
export function interpolate(
  node: ScalarNode,
  path: string,
  sources: Sources,
  problems: Problem[],
): ScalarNode | BrokenNode {
  if (typeof node.value !== 'string' || !node.value.includes('${')) return node;
  let broken = false;
  const text = node.value.replaceAll(referencePattern, (whole, name?: string, end?: string) => {
    if (whole === '$${') return '${';
    const found = name !== undefined && end === '}' ? lookUp(name, sources) : malformed(whole);
    if ('text' in found) return found.text;
    problems.push({ ...node.place, path, message: found.fault });
    broken = true;
    return '';
  });
  return broken ? { kind: 'broken', place: node.place } : filledScalar(text, node.place);
}

type Found = { readonly text: string } | { readonly fault: string };

function lookUp(name: string, { environment, directory }: Sources): Found {
  if (name.startsWith('file:')) return readReferenced(resolve(directory, name.slice(5)));
  if (!variablePattern.test(name)) return malformed(`\${${name}}`);
  const text = environment[name];
  return text === undefined
    ? { fault: `the environment variable ${name} is not set; set it or write the value here` }
    : { text };
}

/** Without the line end that editors and `echo` leave behind a secret. */
function readReferenced(path: string): Found {
  try {
    return { text: readText(path).replace(/\r?\n$/, '') };
  } catch (error) {
    return { fault: `${path} ${messageOf(error)}` };
  }
}

function malformed(reference: string): Found {
  return {
    fault: `${reference} is not a reference; write \${NAME} or \${file:/path}, or $\${ for a plain \${`,
  };
}
