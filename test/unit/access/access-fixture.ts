import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { indexAccess } from '../../../src/access/index/index-access.ts';
import type { PolicyEngine } from '../../../src/check/ports.ts';
import { loadAccess } from '../../../src/config/access/load-access.ts';
import type { AccessDocument } from '../../../src/domain/access/access.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import type { Caller, VerifiedToken } from '../../../src/domain/identity/caller.ts';
import type { PolicyQuestion, PolicyVerdict } from '../../../src/domain/decision/policy.ts';
import { parseSpiffeId } from '../../../src/domain/identity/spiffe-id.ts';
import { createAccessPolicy } from '../../../src/policy/access-policy.ts';
import { readSnapshot } from '../../../src/policy/bundles/contents/read-bundle.ts';
import { writtenFile } from '../config/written-file.ts';
import { verdictAtOnce } from '../policy/at-once.ts';
import { requestFrom } from '../request-fixture.ts';

const bundle = await readSnapshot(readFileSync('bundles/access.tar.gz'));

export function documentOf(yaml: string): AccessDocument {
  const loaded = loadAccess(writtenFile(yaml, 'access.yaml'));
  assert.ok('value' in loaded, JSON.stringify(loaded));
  return loaded.value;
}

/** The very policy and index that a server decides with. */
export function engineOf(document: AccessDocument, clock?: Clock): Promise<PolicyEngine> {
  const index = Buffer.from(JSON.stringify(indexAccess(document)));
  const indexed = { index, revision: 'test', services: document.services.map(({ name }) => name) };
  return createAccessPolicy(bundle, indexed, {
    maxFuel: 3_000_000,
    reservedHeaderPrefix: 'x-sallyport-',
    ...(clock && { clock }),
  });
}

/** A request as a test says it; what it leaves out is what `requestFrom` has. */
export interface Asked {
  readonly from?: string;
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly destination?: string;
  readonly extensions?: Record<string, string>;
  readonly sourceIp?: string;
  readonly port?: number;
  readonly kind?: 'connect' | 'network';
  readonly token?: Partial<VerifiedToken>;
}

export function questionOf(asked: Asked): PolicyQuestion {
  const { from, method = 'GET', path = '/', host = 'orders.shop', headers = {}, kind } = asked;
  const { destination, extensions, sourceIp, port } = asked;
  const request = requestFrom({
    ...(kind && { kind }),
    method: kind === 'network' ? '' : method,
    path,
    segments: path
      .split('/')
      .slice(1)
      .filter((part, _at, all) => part !== '' || all.length > 1),
    host: kind === 'network' ? '' : host,
    headers,
    attributes: {
      ...(sourceIp !== undefined && {
        source: { address: { socketAddress: { address: sourceIp } } },
      }),
      destination: {
        ...(destination !== undefined && { principal: destination }),
        ...(port !== undefined && { address: { socketAddress: { portValue: port } } }),
      },
      ...(extensions && { contextExtensions: extensions }),
      ...(kind !== 'network' && { request: { http: { method, path, headers } } }),
    },
  });
  return { request, caller: from === undefined ? undefined : callerOf(from, asked.token) };
}

const plainToken: VerifiedToken = {
  issuer: 'https://tokens.example',
  subject: 'orders-client',
  audience: ['orders'],
  scopes: [],
  claims: {},
  expiresAt: 0,
};

function callerOf(principal: string, token: Asked['token']): Caller {
  const spiffe = parseSpiffeId(principal);
  return {
    principal,
    source: spiffe === undefined ? 'jwt' : 'peer',
    ...(spiffe && { spiffe }),
    ...(token && { token: { ...plainToken, ...token } }),
  };
}

/** `allow RULE`, or the reason of the denial, and the rule that denies. */
export function judge(engine: PolicyEngine, asked: Asked): string {
  const { decision, rule }: PolicyVerdict = verdictAtOnce(engine, questionOf(asked));
  const outcome = decision.outcome === 'allow' ? 'allow' : decision.reason;
  return rule === undefined ? outcome : `${outcome} ${rule}`;
}
