import type { CallEdge, CallGraph, CallNode } from './call-graph.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedNode extends Point {
  readonly node: CallNode;
  readonly width: number;
}

export interface PlacedEdge {
  readonly edge: CallEdge;
  /** From one box, through the layers between, to the other. */
  readonly points: readonly Point[];
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** By their middle. */
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

export const nodeHeight = 34;
const rowHeight = 58;
/** Of an edge that passes by. */
const passHeight = 18;
const margin = 24;
/** For the label of an edge. */
const layerGap = 230;
const letterWidth = 7.2;
const sweeps = 8;

/** A place in a layer: a node, or where an edge passes by. */
interface Slot {
  readonly key: string;
  readonly layer: number;
  readonly height: number;
  row: number;
  readonly before: Slot[];
  readonly after: Slot[];
}

/**
 * Callers on the left, what they call on the right, in layers (after Sugiyama): the layer of a node
 * is the longest way to it, and within a layer each stands near the middle of its neighbours. The same
 * graph always gives the same picture.
 */
export function layOut({ nodes, edges }: CallGraph): Layout {
  const layers = layersOf(nodes, edges);
  const slots = new Map<string, Slot>();
  for (const { name } of nodes) addSlot(slots, name, layers.get(name) ?? 0, rowHeight);
  const routes = edges.map((edge) => ({ edge, slots: routeOf(edge, slots) }));
  const columns = orderedColumns([...slots.values()]);

  const widths = new Map(
    nodes.map(({ name }) => [name, Math.max(name.length * letterWidth + 24, 80)]),
  );
  const columnWidths = columns.map((column) =>
    Math.max(...column.map(({ key }) => widths.get(key) ?? 0)),
  );
  const columnHeights = columns.map(heightOf);
  const height = Math.max(...columnHeights, rowHeight);
  const lefts = columnWidths.map((_, at) =>
    columnWidths.slice(0, at).reduce((sum, width) => sum + width + layerGap, margin),
  );
  const pointOf = (slot: Slot): Point => {
    const above = heightOf((columns[slot.layer] ?? []).slice(0, slot.row));
    const top = (height - (columnHeights[slot.layer] ?? 0)) / 2;
    const x = (lefts[slot.layer] ?? 0) + (columnWidths[slot.layer] ?? 0) / 2;
    return { x, y: margin + top + above + slot.height / 2 };
  };
  const points = new Map([...slots].map(([key, slot]) => [key, pointOf(slot)]));
  const origin = { x: 0, y: 0 };
  return {
    width: (lefts.at(-1) ?? margin) + (columnWidths.at(-1) ?? 0) + margin,
    height: height + 2 * margin,
    nodes: nodes.map((node) => ({
      node,
      width: widths.get(node.name) ?? 0,
      ...(points.get(node.name) ?? origin),
    })),
    edges: routes.map(({ edge, slots: passed }) => ({
      edge,
      points: passed.map(({ key }) => points.get(key) ?? origin),
    })),
  };
}

/** Calls in a circle are cut at the edge that closes it. */
function layersOf(
  nodes: readonly CallNode[],
  edges: readonly CallEdge[],
): ReadonlyMap<string, number> {
  const callers = new Map<string, string[]>(nodes.map(({ name }) => [name, []]));
  for (const { from, to } of edges) callers.get(to)?.push(from);
  const layers = new Map<string, number>();
  const open = new Set<string>();
  const layerOf = (name: string): number => {
    const known = layers.get(name);
    if (known !== undefined) return known;
    open.add(name);
    const above = (callers.get(name) ?? []).filter((caller) => !open.has(caller)).map(layerOf);
    open.delete(name);
    const layer = above.length === 0 ? 0 : Math.max(...above) + 1;
    layers.set(name, layer);
    return layer;
  };
  for (const { name } of nodes) layerOf(name);
  return layers;
}

function heightOf(slots: readonly Slot[]): number {
  return slots.reduce((sum, slot) => sum + slot.height, 0);
}

function addSlot(slots: Map<string, Slot>, key: string, layer: number, height: number): Slot {
  const slot: Slot = { key, layer, height, row: 0, before: [], after: [] };
  slots.set(key, slot);
  return slot;
}

/**
 * Adds a slot in each layer that the edge passes, so that it goes between the nodes there. Calls of one
 * caller go together until they part: one line for each would be most of the picture.
 */
function routeOf({ from, to }: CallEdge, slots: Map<string, Slot>): readonly Slot[] {
  const [start, end] = [slots.get(from), slots.get(to)];
  if (start === undefined || end === undefined) return [];
  const step = Math.sign(end.layer - start.layer);
  const between = Array.from(
    { length: Math.max(Math.abs(end.layer - start.layer) - 1, 0) },
    (_, at) => start.layer + step * (at + 1),
  );
  const route = [
    start,
    ...between.map((layer) => {
      const key = JSON.stringify([from, layer]);
      return slots.get(key) ?? addSlot(slots, key, layer, passHeight);
    }),
    end,
  ];
  for (const [at, slot] of route.entries()) {
    const next = route[at + 1];
    if (next === undefined) continue;
    const [left, right] = next.layer >= slot.layer ? [slot, next] : [next, slot];
    if (left.after.includes(right)) continue;
    left.after.push(right);
    right.before.push(left);
  }
  return route;
}

function orderedColumns(slots: readonly Slot[]): readonly (readonly Slot[])[] {
  const depth = Math.max(...slots.map(({ layer }) => layer), 0) + 1;
  const columns = Array.from({ length: depth }, (_, layer) =>
    slots.filter((slot) => slot.layer === layer),
  );
  for (const column of columns) numberRows(column);
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const forward = sweep % 2 === 0;
    for (const [at] of columns.entries()) {
      const layer = forward ? at : depth - 1 - at;
      const ordered = (columns[layer] ?? []).toSorted(
        (a, b) => middleOf(a, forward) - middleOf(b, forward) || a.row - b.row,
      );
      numberRows(ordered);
      columns[layer] = ordered;
    }
  }
  return columns;
}

function numberRows(column: readonly Slot[]): void {
  for (const [row, slot] of column.entries()) slot.row = row;
}

function middleOf({ before, after, row }: Slot, forward: boolean): number {
  const near = forward ? before : after;
  return near.length === 0 ? row : near.reduce((sum, slot) => sum + slot.row, 0) / near.length;
}
