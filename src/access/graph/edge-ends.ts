import type { PlacedEdge, PlacedNode, Point } from './layout.ts';

/** From the right of a box to the left of the next, or on the other sides where a call goes back. */
export function endsAtBoxes(
  { edge, points }: PlacedEdge,
  boxes: ReadonlyMap<string, PlacedNode>,
): readonly Point[] {
  const [start, end] = [boxes.get(edge.from), boxes.get(edge.to)];
  if (start === undefined || end === undefined) return points;
  // Boxes of one column do not call each other (src/access/graph/layout.ts).
  if (start === end) return loopBeside(start);
  const side = end.x > start.x ? 1 : -1;
  const below = side < 0 ? 8 : 0;
  const first = { x: start.x + (side * start.width) / 2, y: start.y + below };
  const last = { x: end.x - (side * end.width) / 2, y: end.y + below };
  return [first, ...points.slice(1, -1), last];
}

/** Narrow enough for the margin of the picture. */
const loopWidth = 18;

/** Of who calls itself: out on the right of its box, and back below. */
function loopBeside({ x, y, width }: PlacedNode): readonly Point[] {
  const right = x + width / 2;
  const [top, bottom] = [y - 12, y + 12];
  return [
    { x: right, y: top },
    { x: right + loopWidth, y: top },
    { x: right + loopWidth, y: bottom },
    { x: right, y: bottom },
  ];
}
