import type { AccessConditions, AccessExceptions, AccessRule } from '../../domain/access/access.ts';
import { compilePathPattern, type PathPattern } from '../../domain/request/path-pattern.ts';
import { withHead } from '../../domain/with-head.ts';
import type { Effect } from '../index/effect.ts';
import { spellingsOf } from '../index/spellings.ts';
import { blockOf, type CidrBlock } from './cidr-blocks.ts';

/** A rule as it is compared with others: made once, because it is compared with many. */
export interface ComparedRule {
  readonly rule: AccessRule;
  readonly effect: Effect;
  /** Undefined: every path. */
  readonly patterns: readonly PathPattern[] | undefined;
  /** Undefined: all; of a rule that opens, all but CONNECT. */
  readonly methods: readonly string[] | undefined;
  readonly asked: AccessConditions & { readonly blocks: readonly CidrBlock[] | undefined };
  readonly leftOut: Omit<AccessExceptions, 'paths'> & {
    readonly blocks: readonly CidrBlock[] | undefined;
    readonly patterns: readonly PathPattern[] | undefined;
  };
}

export function compared(rule: AccessRule, effect: Effect): ComparedRule {
  const { grpc, tcp, when = {}, unless: { paths, ...leftOut } = {} } = rule;
  const calls = grpc?.map((method) => `/${method.replace('*', '{method}')}`) ?? rule.paths;
  // What closes a gRPC method does not ask how it is called.
  const methods = grpc !== undefined && effect === 'opens' ? ['POST'] : rule.methods;
  return {
    rule,
    effect,
    patterns: calls && patternsOf(calls, effect),
    methods: methods && withHead(methods),
    asked: { ...(tcp && { ports: tcp.ports }), ...when, blocks: when.sourceIps?.map(blockOf) },
    leftOut: {
      ...leftOut,
      ...(leftOut.methods && { methods: withHead(leftOut.methods) }),
      blocks: leftOut.sourceIps?.map(blockOf),
      patterns: paths && patternsOf(paths, 'closes'),
    },
  };
}

function patternsOf(texts: readonly string[], effect: Effect): readonly PathPattern[] {
  return texts.flatMap((text) => spellingsOf(compilePathPattern(text), effect));
}
