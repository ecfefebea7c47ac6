import type { Config } from '../../config/config.ts';
import { loadAccess } from '../../config/access/load-access.ts';

export interface UnusedRule {
  /** The access document's file. */
  readonly document: string;
  /** `orders/web-reads`. */
  readonly rule: string;
}

/** The rules of access documents, and those that answered a case. */
export class RuleCoverage {
  /** By file, because two documents may have rules of one name. */
  readonly #unused = new Map<string, Set<string>>();

  add({ access: document }: Config, used: ReadonlySet<string>): void {
    if (document === undefined) return;
    const unused = this.#unused.get(document) ?? rulesIn(document);
    this.#unused.set(document, unused);
    for (const rule of used) unused.delete(rule);
  }

  unused(): readonly UnusedRule[] {
    return [...this.#unused].flatMap(([document, rules]) =>
      Array.from(rules, (rule) => ({ document, rule })),
    );
  }
}

function rulesIn(document: string): Set<string> {
  const loaded = loadAccess(document);
  const services = 'value' in loaded ? loaded.value.services : [];
  return new Set(
    services.flatMap(({ name, deny, allow }) =>
      [...deny, ...allow].map((rule) => `${name}/${rule.name}`),
    ),
  );
}
