import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parsePlainYaml } from '../../../src/config/yaml/plain-yaml.ts';
import { systemClock } from '../../../src/domain/clock.ts';
import { readSnapshot } from '../../../src/policy/bundles/contents/read-bundle.ts';
import { readAllowedHosts } from '../../../src/policy/rego/builtins/http/allowed-hosts.ts';
import type { Fetcher } from '../../../src/policy/rego/builtins/http/fetcher.ts';
import { failureAnswer } from '../../../src/policy/rego/builtins/http/answer.ts';
import { outsideBuiltins } from '../../../src/policy/rego/builtins/http/outside.ts';
import type { RegoValue } from '../../../src/policy/rego/value.ts';
import { createPolicyEngine } from '../../../src/policy/wasm-engine.ts';
import { questionOf } from './http-question.ts';

const archive = join(import.meta.dirname, '../../fixtures/bundles/asks-outside.tar.gz');
const bundle = await readSnapshot(readFileSync(archive));

/** What is decided when other hosts answer like this and the check has so many milliseconds. */
async function reasonWith(answer: Fetcher['answer'], timeMs: number): Promise<string> {
  const allowed = readAllowedHosts(['api.example']);
  const engine = createPolicyEngine(bundle, 'envoy/authz/allow', {
    name: 'asks-outside',
    skipRequestBodyParse: false,
    maxBodyBytes: 64 * 1024 * 1024,
    maxFuel: 3_000_000,
    reservedHeaderPrefix: 'x-sallyport-',
    outside: {
      builtins: outsideBuiltins(allowed, { parse: parsePlainYaml }),
      fetcher: { answer },
      clock: systemClock,
    },
  });
  const question = questionOf({ headers: { 'x-ask': 'http://api.example/' } });
  const { decision } = await engine.evaluate(question, systemClock.monotonicMs() + timeMs);
  return decision.reason;
}

const failure = failureAnswer('eval_http_send_network_error', 'no answer');

function never(): Promise<RegoValue> {
  return Promise.withResolvers<RegoValue>().promise;
}

function brokenFetcher(): Promise<RegoValue> {
  return Promise.reject(new Error('a bug'));
}

/** As a request that is given up with the check: it fails at the same moment. */
function failsWhenAborted(_key: string, _question: unknown, signal: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<RegoValue>();
  signal.addEventListener('abort', () => resolve(failure));
  return promise;
}

test('a question that the deadline ends is deadline_exceeded, however the request fails', async () => {
  for (const answer of [never, failsWhenAborted]) {
    for (const timeMs of [-5, 0, 1, 20]) {
      assert.equal(await reasonWith(answer, timeMs), 'deadline_exceeded');
    }
  }
});

test('a question that fails before the deadline is the policy’s to judge', async () => {
  assert.equal(await reasonWith(() => Promise.resolve(failure), 60_000), 'policy_denied');
});

test('a fault of who asks is policy_unavailable', async () => {
  assert.equal(await reasonWith(brokenFetcher, 60_000), 'policy_unavailable');
});
