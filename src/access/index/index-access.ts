import type { AccessDocument, AccessRule, AllowRule } from '../../domain/access/access.ts';
import type { JsonObject } from '../../domain/json.ts';
import { exceptionsOf, needsOf } from './conditions.ts';
import type { Effect } from './effect.ts';
import { RuleIndex } from './rule-index.ts';
import { indexServices } from './service-index.ts';

/**
 * An access document as the data of policies/access, made so that the policy finds the rules that a
 * request may match by looking up what the request says, and goes through none of the others.
 */
export function indexAccess({ services }: AccessDocument): JsonObject {
  const rules: JsonObject[] = [];
  const ruleIndexOf = (list: readonly AccessRule[], effect: Effect): JsonObject => {
    const index = new RuleIndex(effect);
    for (const rule of list) index.add(rule, rules.push(ruleToJson(rule, effect)) - 1);
    return index.toJson();
  };
  return {
    called: indexServices(services),
    services: services.map(({ name, deny, allow }) => ({
      name,
      deny: ruleIndexOf(deny, 'closes'),
      allow: ruleIndexOf(allow, 'opens'),
    })),
    rules,
  };
}

function ruleToJson(rule: AccessRule & Pick<AllowRule, 'limits'>, effect: Effect): JsonObject {
  const { name, unless = {}, limits = [] } = rule;
  return {
    name,
    needs: needsOf(rule, effect),
    unless: exceptionsOf(unless, effect),
    limits: limits.map((limit) => ({ name: limit })),
  };
}
