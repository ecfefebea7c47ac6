/**
 * What part of `data` a bundle owns: `envoy/authz` is everything at and below it, and the empty
 * root is everything there is.
 */
export type Root = readonly string[];

/** Slashes at the ends do not count. */
export function parseRoot(text: string): Root {
  const trimmed = text.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? [] : trimmed.split('/');
}

export function formatRoot(root: Root): string {
  return `/${root.join('/')}`;
}

/** Roots by their parts: to ask about thousands of them takes no longer than about one. */
export class RootTree {
  readonly #below = new Map<string, RootTree>();
  #root: Root | undefined;

  constructor(roots: readonly Root[] = []) {
    for (const root of roots) this.add(root);
  }

  add(root: Root): void {
    const end = root.reduce<RootTree>((node, part) => {
      const next = node.#below.get(part) ?? new RootTree();
      node.#below.set(part, next);
      return next;
    }, this);
    end.#root = root;
  }

  isWithin(path: readonly string[]): boolean {
    const node = this.#follow(path);
    return node !== undefined && node.#root !== undefined;
  }

  /** Whether the path is within the roots, or something below it may be. */
  leadsTo(path: readonly string[]): boolean {
    return this.#follow(path) !== undefined;
  }

  /** One that shares a part of `data` with the given one. */
  overlapping(root: Root): Root | undefined {
    let node = this.#follow(root);
    while (node !== undefined) {
      if (node.#root !== undefined) return node.#root;
      [node] = node.#below.values();
    }
    return undefined;
  }

  /** Down to the first root, or as far as the path goes. */
  #follow(path: readonly string[]): RootTree | undefined {
    return path.reduce<RootTree | undefined>(
      (node, part) =>
        node === undefined || node.#root !== undefined ? node : node.#below.get(part),
      this,
    );
  }
}

/** The first two that share a part of `data`. */
export function overlapIn(roots: readonly Root[]): readonly [Root, Root] | undefined {
  const tree = new RootTree();
  for (const root of roots) {
    const other = tree.overlapping(root);
    if (other !== undefined) return [other, root];
    tree.add(root);
  }
  return undefined;
}
