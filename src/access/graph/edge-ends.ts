import type { PlacedEdge, PlacedNode, Point } from './layout.ts';

/** From the right of a box to the left of the next, or on the other sides where a call goes back. */
export function endsAtBoxes(
  { edge, points }: PlacedEdge,
  boxes: ReadonlyMap<string, PlacedNode>,
): readonly Point[] {
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
