import type { CallEdge, CallGraph } from './call-graph.ts';

/** For Graphviz. */
export function toDot({ nodes, edges }: CallGraph): string {
  const lines = [
    ...nodes.map(
      ({ name, kind }) => `  ${quoted(name)} [shape=${kind === 'service' ? 'box' : 'oval'}];`,
    ),
    ...edges.map(
      (edge) =>
        `  ${quoted(edge.from)} -> ${quoted(edge.to)} [label=${quoted(callsOf(edge).join('\n'))}];`,
    ),
  ];
  return `digraph access {\n  rankdir=LR;\n${lines.join('\n')}\n}\n`;
}

/** In a quoted string of DOT, `\"` is a quote and `\n` a line's end. */
function quoted(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

/** For Markdown that draws Mermaid. */
export function toMermaid({ nodes, edges }: CallGraph): string {
  const ids = new Map(nodes.map(({ name }, at) => [name, `n${at}`]));
  const lines = [
    ...nodes.map(({ name, kind }) => {
      const [open, close] = kind === 'service' ? ['[', ']'] : ['([', '])'];
      return `  ${ids.get(name)}${open}"${entities(name)}"${close}`;
    }),
    ...edges.map(
      (edge) =>
        `  ${ids.get(edge.from)} -->|"${callsOf(edge).map(entities).join('<br/>')}"| ${ids.get(edge.to)}`,
    ),
  ];
  return `flowchart LR\n${lines.join('\n')}\n`;
}

/** Mermaid's own: `#35;`. Whatever could be its syntax, or HTML, is written so. */
function entities(text: string): string {
  return text.replaceAll(/[^\w ,.:/@-]/gu, (character) => `#${character.codePointAt(0)};`);
}

export function callsOf({ rules }: CallEdge): readonly string[] {
  return [...new Set(rules.flatMap(({ calls }) => calls))];
}
