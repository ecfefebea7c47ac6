declare global {
  interface RegExpConstructor {
    /** ES2025, and in Node 24. */
    escape(text: string): string;
  }
}

/**
 * A pattern of Go's path.Match as a test of whole paths: `*` and `?` do not match `/`, `[a-z]` and
 * `[^a-z]` are one character, a backslash takes the next character as it is. A malformed pattern
 * matches nothing, as in OPA.
 */
export function compileFilePattern(pattern: string): (path: string) => boolean {
  const parts = pattern.match(/\\[^]|\[\^?(?:\\[^]|[^\]\\])+\]|[^]/gu) ?? [];
  const source = parts.map(expressionOf);
  if (source.includes(undefined)) return () => false;
  const expression = compile(`^${source.join('')}$`);
  return (path) => expression?.test(path) ?? false;
}

function expressionOf(part: string): string | undefined {
  if (part === '*') return '[^/]*';
  if (part === '?') return '[^/]';
  if (part === '[' || part === '\\') return undefined;
  if (part.length > 1 && part.startsWith('[')) {
    const negated = part.startsWith('[^');
    const members = part.slice(negated ? 2 : 1, -1).replace(/[[&~^|]/g, String.raw`\$&`);
    return negated ? `[^/${members}]` : `(?!/)[${members}]`;
  }
  return RegExp.escape(part.startsWith('\\') ? part.slice(1) : part);
}

function compile(source: string): RegExp | undefined {
  try {
    return new RegExp(source, 'u');
  } catch {
    return undefined;
  }
}
