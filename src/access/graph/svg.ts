import type { CallEdge, CallGraph } from './call-graph.ts';
import { layOut, nodeHeight, type PlacedEdge, type PlacedNode, type Point } from './layout.ts';
import { callsOf } from './text-formats.ts';

/** A picture without scripts and without references: what is said of a call in full is in its title. */
export function toSvg(graph: CallGraph): string {
  const { width, height, nodes, edges } = layOut(graph);
  const boxes = new Map(nodes.map((placed) => [placed.node.name, placed]));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" font-family="system-ui, sans-serif" font-size="12">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z" fill="#57606a"/></marker></defs>
<rect width="100%" height="100%" fill="#ffffff"/>
${edges.map((placed) => edgeLine(placed, boxes)).join('\n')}
${nodes.map(nodeBox).join('\n')}
${edges.map((placed) => edgeLabel(placed, boxes, graph.edges)).join('\n')}
</svg>
`;
}

function nodeBox({ node, x, y, width }: PlacedNode): string {
  const isService = node.kind === 'service';
  const look = isService
    ? 'rx="5" fill="#ddf4ff" stroke="#0969da"'
    : 'rx="17" fill="#f6f8fa" stroke="#57606a"';
  const corner = `x="${round(x - width / 2)}" y="${round(y - nodeHeight / 2)}"`;
  return `<g><rect ${corner} width="${round(width)}" height="${nodeHeight}" ${look}/><text x="${round(x)}" y="${round(y + 4)}" text-anchor="middle" fill="#1f2328">${escaped(node.name)}</text></g>`;
}

type Boxes = ReadonlyMap<string, PlacedNode>;

function edgeLine(placed: PlacedEdge, boxes: Boxes): string {
  return `<path d="${curve(endsAtBoxes(placed, boxes))}" fill="none" stroke="#57606a" marker-end="url(#arrow)"><title>${escaped(sentence(placed.edge))}</title></path>`;
}

/** From the right of a box to the left of the next, or on the other sides where a call goes back. */
function endsAtBoxes({ edge, points }: PlacedEdge, boxes: Boxes): readonly Point[] {
  const [start, end] = [boxes.get(edge.from), boxes.get(edge.to)];
  if (start === undefined || end === undefined) return points;
  const inner = points.slice(1, -1);
  const side = end.x > start.x ? 1 : -1;
  const isSameColumn = end.x === start.x;
  const first = { x: start.x + (side * start.width) / 2, y: start.y + (side < 0 ? 8 : 0) };
  const last = {
    x: end.x - ((isSameColumn ? -side : side) * end.width) / 2,
    y: end.y + (side < 0 ? 8 : 0),
  };
  return isSameColumn
    ? [first, { x: first.x - 50, y: (first.y + last.y) / 2 + 12 }, { x: last.x, y: last.y + 2 }]
    : [first, ...inner, last];
}

function curve([first, ...rest]: readonly Point[]): string {
  let from = first ?? origin;
  let path = `M${round(from.x)} ${round(from.y)}`;
  for (const to of rest) {
    const middle = (from.x + to.x) / 2;
    path += `C${round(middle)} ${round(from.y)} ${round(middle)} ${round(to.y)} ${round(to.x)} ${round(to.y)}`;
    from = to;
  }
  return path;
}

const maxLabelLength = 30;

/** At the end where fewer edges meet, on the curve's first or last stretch. */
function edgeLabel(placed: PlacedEdge, boxes: Boxes, edges: readonly CallEdge[]): string {
  const { edge } = placed;
  const points = endsAtBoxes(placed, boxes);
  const calls = edges.filter(({ from }) => from === edge.from).length;
  const callers = edges.filter(({ to }) => to === edge.to).length;
  const isNearCaller = calls <= callers;
  const [from = origin, to = from] = isNearCaller ? points : points.slice(-2);
  // The call back, which runs below the one that it answers, has its label below.
  const lift = to.x < from.x ? 14 : -4;
  const { x, y } = onCurve(from, to, isNearCaller ? 0.36 : 0.66);
  const text = `x="${round(x)}" y="${round(y + lift)}" text-anchor="middle" font-size="11"`;
  const label = escaped(labelOf(edge));
  const title = `<title>${escaped(sentence(edge))}</title>`;
  return `<text ${text} fill="none" stroke="#ffffff" stroke-width="3">${label}</text><text ${text} fill="#1f2328">${label}${title}</text>`;
}

const origin: Point = { x: 0, y: 0 };

/** Of a stretch whose control points lie half way between its ends. */
function onCurve(from: Point, to: Point, place: number): Point {
  const rest = 1 - place;
  const across = 1.5 * place * rest + place ** 3;
  const down = 3 * place ** 2 * rest + place ** 3;
  return { x: from.x + (to.x - from.x) * across, y: from.y + (to.y - from.y) * down };
}

function labelOf(edge: CallEdge): string {
  const calls = callsOf(edge);
  const [shown = ''] = calls;
  const short = shown.length > maxLabelLength ? `${shown.slice(0, maxLabelLength - 1)}…` : shown;
  return calls.length > 1 ? `${short} +${calls.length - 1}` : short;
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

/** XML 1.0 §2.2 has no place for control characters, not even as references. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
