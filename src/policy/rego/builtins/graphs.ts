import type { BuiltinTable, Spend } from '../builtin.ts';
import { equal, type RegoObject, RegoSet, type RegoValue } from '../value.ts';
import { membersOf, objectOperand, operandTypeError } from './operands.ts';

/** OPA v1/topdown/reachable.go. */
export const graphBuiltins: BuiltinTable = {
  'graph.reachable_paths': ({ spend }, graph, roots) => {
    const starts = membersOf(roots);
    if (starts === undefined) throw operandTypeError(2, roots, '{array, set}');
    return RegoSet.of(pathsFrom(objectOperand(graph, 1), starts, spend));
  },
};

type Path = readonly RegoValue[];

/**
 * Every path from a root to where it ends: at a leaf, or before a node that it passed already. In
 * OPA a root that leads to itself is a path of two. A dense graph has more paths than any memory.
 */
function pathsFrom(graph: RegoObject, roots: Path, spend: Spend): Path[] {
  const ended: Path[] = [];
  const open: Path[] = roots.filter((root) => graph.get(root) !== undefined).map((root) => [root]);
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const neighbours = neighboursOf(graph, path.at(-1) ?? null);
    spend(50 * path.length * (1 + neighbours.length));
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
