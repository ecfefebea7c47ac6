import { BuiltinError } from '../../builtin.ts';

/** Text between actions, or the tokens of one action. */
export type TemplatePart = string | readonly string[];

/** From `{{` to `}}`: a comment, or what is no comment. */
const actionPattern =
  /\{\{(-(?=\s))?(\s*\/\*[^]*?\*\/\s*-?|(?:[^"`'}]|\}(?!\})|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*')*)\}\}/y;

export function splitTemplate(source: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let at = 0;
  let trims = false;
  for (let open = source.indexOf('{{'); open >= 0; open = source.indexOf('{{', at)) {
    actionPattern.lastIndex = open;
    const [whole, before, written = ''] = actionPattern.exec(source) ?? [];
    if (whole === undefined) throw new BuiltinError('template: unclosed action');
    parts.push(trimmed(source.slice(at, open), trims, before !== undefined));
    trims = /\s-$/.test(written);
    const action = (trims ? written.slice(0, -1) : written).trim();
    if (!action.startsWith('/*')) parts.push(tokens(action));
    at = open + whole.length;
  }
  parts.push(trimmed(source.slice(at), trims, false));
  return parts.filter((part) => part !== '');
}

function trimmed(text: string, start: boolean, end: boolean): string {
  const left = start ? text.replace(/^[ \t\r\n]+/, '') : text;
  return end ? left.replace(/[ \t\r\n]+$/, '') : left;
}

/** A path follows what it is of without a space: `$x.a`, `(f).b`. */
const tokenPattern =
  /\s+|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+'|:=|[=|,()]|\$[\p{L}\p{N}_]*|(?:\.[\p{L}_][\p{L}\p{N}_]*)+|\.(?!\d)|[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|[\p{L}_][\p{L}\p{N}_]*/uy;

/** Spaces stay as one token: they part a value from a path of its own. */
function tokens(action: string): string[] {
  const found: string[] = [];
  for (tokenPattern.lastIndex = 0; tokenPattern.lastIndex < action.length;) {
    const [token] = tokenPattern.exec(action) ?? [];
    if (token === undefined) throw new BuiltinError('template: unexpected character in action');
    found.push(/^\s/.test(token) ? ' ' : token);
  }
  if (found.every((token) => token === ' ')) throw new BuiltinError('template: missing value');
  return found;
}
