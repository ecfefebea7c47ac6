import { BuiltinHalt, type BuiltinTable } from '../builtin.ts';
import { equal, type RegoObject, RegoSet, type RegoValue } from '../value.ts';
import { membersOf, objectOperand, operandTypeError } from './operands.ts';

/** OPA v1/topdown/reachable.go. */
export const graphBuiltins: BuiltinTable = {
  'graph.reachable_paths': (_call, graph, roots) => {
    const starts = membersOf(roots);
    if (starts === undefined) throw operandTypeError(2, roots, '{array, set}');
    return RegoSet.of(pathsFrom(objectOperand(graph, 1), starts));
  },
};

/** How many nodes all paths may hold together: a dense graph has more paths than any memory. */
const maxHeldNodes = 250_000;

type Path = readonly RegoValue[];

/**
 * Every path from a root to where it ends: at a leaf, or before a node that it passed already. In
 * OPA a root that leads to itself is a path of two.
 */
function pathsFrom(graph: RegoObject, roots: Path): Path[] {
  const ended: Path[] = [];
  const open: Path[] = roots.filter((root) => graph.get(root) !== undefined).map((root) => [root]);
  let heldNodes = 0;
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    heldNodes += path.length;
    if (heldNodes > maxHeldNodes) throw new BuiltinHalt('graph.reachable_paths: too many paths');
    const neighbours = neighboursOf(graph, path.at(-1) ?? null);
    if (neighbours.length === 0) ended.push(path);
    for (const neighbour of neighbours) {
      const passed = path.length > 1 && path.some((one) => equal(one, neighbour));
      const isNew = !passed && graph.get(neighbour) !== undefined;
      if (isNew) open.push([...path, neighbour]);
      else ended.push(path);
    }
  }
  return ended;
}

/** What a node leads to; an edge list of another type leads nowhere. */
function neighboursOf(graph: RegoObject, node: RegoValue): Path {
  return membersOf(graph.get(node) ?? null) ?? [];
}
