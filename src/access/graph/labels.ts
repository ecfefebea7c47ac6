import type { CallEdge } from './call-graph.ts';
import { nodeHeight, type PlacedEdge, type PlacedNode, type Point } from './layout.ts';
import { callsOf } from './text-formats.ts';

export interface PlacedLabel extends Point {
  readonly edge: CallEdge;
  readonly text: string;
}

interface Rectangle {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export const labelFontSize = 11;
const letterWidth = 6.6;
const maxLength = 30;

/**
 * A label for each edge that has room for one: what would lie on a box or on another label could not be
 * read, and its line still says it to whoever points at it.
 */
export function placeLabels(
  edges: readonly PlacedEdge[],
  nodes: readonly PlacedNode[],
): readonly PlacedLabel[] {
  const taken: Rectangle[] = nodes.map(({ x, y, width }) => around({ x, y }, width, nodeHeight));
  return edges.flatMap((placed) => {
    const text = labelOf(placed.edge);
    for (const place of placesOn(placed, edges)) {
      const room = rectangleOf(text, place);
      if (taken.some((other) => overlap(room, other))) continue;
      taken.push(room);
      return [{ edge: placed.edge, text, ...place }];
    }
    return [];
  });
}

export function rectangleOf(text: string, { x, y }: Point): Rectangle {
  return around({ x, y: y - labelFontSize / 3 }, text.length * letterWidth, labelFontSize + 2);
}

function around({ x, y }: Point, width: number, height: number): Rectangle {
  return { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
}

export function overlap(one: Rectangle, other: Rectangle): boolean {
  return (
    one.left < other.right &&
    other.left < one.right &&
    one.top < other.bottom &&
    other.top < one.bottom
  );
}

/** Parts of a stretch, from the end that is preferred. */
const parts = [0.36, 0.5, 0.66, 0.24, 0.78];

/** At the end where fewer edges meet; where calls of one caller go together, after they part. */
function* placesOn({ edge, points }: PlacedEdge, edges: readonly PlacedEdge[]): Iterable<Point> {
  const calls = edges.filter((other) => other.edge.from === edge.from).length;
  const callers = edges.filter((other) => other.edge.to === edge.to).length;
  const [from = origin, to = from] = points.slice(-2);
  const isNearCaller = points.length === 2 && calls <= callers;
  // The call back, which runs below the one that it answers, has its label below.
  const lift = to.x < from.x ? 14 : -4;
  for (const part of parts) {
    const { x, y } = onCurve(from, to, isNearCaller ? part : 1 - part);
    yield { x, y: y + lift };
  }
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
  const short = shown.length > maxLength ? `${shown.slice(0, maxLength - 1)}…` : shown;
  return calls.length > 1 ? `${short} +${calls.length - 1}` : short;
}
