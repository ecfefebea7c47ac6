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

export function isWithin(path: readonly string[], roots: readonly Root[]): boolean {
  return roots.some((root) => startsWith(path, root));
}

/** Whether something below the path may be within the roots. */
export function leadsTo(path: readonly string[], roots: readonly Root[]): boolean {
  return roots.some((root) => startsWith(root, path));
}

/** The first two that share a part of `data`. */
export function overlapIn(roots: readonly Root[]): readonly [Root, Root] | undefined {
  for (const [index, root] of roots.entries()) {
    const other = roots.slice(index + 1).find((later) => overlap(root, later));
    if (other !== undefined) return [root, other];
  }
  return undefined;
}

export function overlap(a: Root, b: Root): boolean {
  return startsWith(a, b) || startsWith(b, a);
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return start.length <= path.length && start.every((part, index) => part === path[index]);
}
