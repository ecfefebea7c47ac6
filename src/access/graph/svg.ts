import { xmlText } from '../../domain/xml-text.ts';
import type { CallEdge, CallGraph } from './call-graph.ts';
import { endsAtBoxes } from './edge-ends.ts';
import { labelFontSize, type PlacedLabel, placeLabels } from './labels.ts';
import { layOut, nodeHeight, type PlacedEdge, type PlacedNode, type Point } from './layout.ts';

/** A picture without scripts and without references: what is said of a call in full is in its title. */
export function toSvg(graph: CallGraph): string {
  const { width, height, nodes, edges } = layOut(graph);
  const boxes = new Map(nodes.map((placed) => [placed.node.name, placed]));
  const lines = edges.map((placed) => ({ ...placed, points: endsAtBoxes(placed, boxes) }));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" font-family="system-ui, sans-serif" font-size="12">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#57606a"/></marker></defs>
<rect width="100%" height="100%" fill="#ffffff"/>
${lines.map(edgeLine).join('\n')}
${nodes.map(nodeBox).join('\n')}
${placeLabels(lines, nodes).map(edgeLabel).join('\n')}
</svg>
`;
}

function nodeBox({ node, x, y, width }: PlacedNode): string {
  const isService = node.kind === 'service';
  const look = isService
    ? 'rx="5" fill="#ddf4ff" stroke="#0969da"'
    : 'rx="17" fill="#f6f8fa" stroke="#57606a"';
  const corner = `x="${round(x - width / 2)}" y="${round(y - nodeHeight / 2)}"`;
  return `<g><rect ${corner} width="${round(width)}" height="${nodeHeight}" ${look}/><text x="${round(x)}" y="${round(y + 4)}" text-anchor="middle" fill="#1f2328">${xmlText(node.name)}</text></g>`;
}

function edgeLine({ edge, points }: PlacedEdge): string {
  return `<path d="${curve(points)}" fill="none" stroke="#57606a" marker-end="url(#arrow)"><title>${xmlText(sentence(edge))}</title></path>`;
}

function curve([first, ...rest]: readonly Point[]): string {
  let from = first ?? { x: 0, y: 0 };
  let path = `M${round(from.x)} ${round(from.y)}`;
  for (const to of rest) {
    const middle = (from.x + to.x) / 2;
    path += `C${round(middle)} ${round(from.y)} ${round(middle)} ${round(to.y)} ${round(to.x)} ${round(to.y)}`;
    from = to;
  }
  return path;
}

function edgeLabel({ edge, text, x, y }: PlacedLabel): string {
  const place = `x="${round(x)}" y="${round(y)}" text-anchor="middle" font-size="${labelFontSize}"`;
  const label = xmlText(text);
  const title = `<title>${xmlText(sentence(edge))}</title>`;
  return `<text ${place} fill="none" stroke="#ffffff" stroke-width="3">${label}</text><text ${place} fill="#1f2328">${label}${title}</text>`;
}

function sentence({ from, to, rules }: CallEdge): string {
  const lines = rules.map(({ name, calls, conditions, limits }) => {
    const asked = conditions.length === 0 ? '' : ` with conditions (${conditions.join(', ')})`;
    const limited = limits.length === 0 ? '' : `; limits ${limits.join(', ')}`;
    return `${name}: ${calls.join('; ')}${asked}${limited}`;
  });
  return [`${from} → ${to}`, ...lines].join('\n');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
