import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateFacts } from '../../../src/domain/identity/certificate-facts.ts';
import { SoonestExpiring } from '../../../src/telemetry/soonest-expiring.ts';
import { createTelemetry } from '../../../src/telemetry/telemetry.ts';

const hourMs = 3_600_000;

function certificate(lifetimeHours: number, fingerprint = 'AA'): CertificateFacts {
  return { subject: 'CN=envoy', notBeforeMs: 0, notAfterMs: lifetimeHours * hourMs, fingerprint };
}

function watchOver(tracked: CertificateFacts[]) {
  const telemetry = createTelemetry({ version: '1' });
  telemetry.certificates.track('server', () => tracked);
  const look = (atHours: number): readonly string[] =>
    telemetry.certificates.look(atHours * hourMs).map(({ within }) => within);
  return { telemetry, look };
}

test('a certificate is told of at each threshold, once', async () => {
  const { telemetry, look } = watchOver([certificate(1000)]);
  const told = [900, 927, 928, 929, 976, 977, 994, 995, 1000, 1001].map(look);
  assert.deepEqual(told, [[], [], ['72h'], [], ['24h'], [], ['6h'], [], ['expired'], []]);
  const text = await telemetry.scrape();
  assert.match(
    text,
    /certificate_not_after_timestamp_seconds\{role="server",subject="CN=envoy"\} 3600000\n/,
  );
  assert.match(text, /certificate_expiring_total\{role="server",within="6h"\} 1\n/);
});

test('one that is first seen near its end is told of once, at the nearest threshold', () => {
  const { look } = watchOver([certificate(1000)]);
  assert.deepEqual([look(995), look(996)], [['6h'], []]);
});

test('what replaces it is told of anew', () => {
  const tracked = [certificate(1000)];
  const { look } = watchOver(tracked);
  assert.deepEqual(look(998), ['6h']);
  tracked[0] = certificate(2000, 'BB');
  assert.deepEqual([look(999), look(1990)], [[], ['24h']]);
});

test('a certificate of an hour is not always near its end', () => {
  const { look } = watchOver([certificate(1)]);
  assert.deepEqual([look(0), look(0.9), look(1)], [[], [], ['expired']]);
});

test('of two of one name, as an authority and its successor, the first to expire is shown', async () => {
  const { telemetry } = watchOver([
    certificate(10, 'AA'),
    certificate(5, 'BB'),
    certificate(20, 'CC'),
  ]);
  assert.match(await telemetry.scrape(), /role="server",subject="CN=envoy"\} 18000\n/);
});

test('one that several servers show is told of once', () => {
  const { look } = watchOver([certificate(1000), certificate(1000)]);
  assert.deepEqual(look(999), ['6h']);
});

test('of callers, the one that expires first is shown, by the latest certificate that each has', () => {
  const soonest = new SoonestExpiring();
  const seen = (subject: string, hours: number): void => {
    soonest.seen({ ...certificate(hours), subject });
  };
  const first = (atHours: number) => soonest.read(atHours * hourMs)[0]?.subject;
  assert.equal(first(0), undefined);
  seen('web', 10);
  seen('billing', 20);
  assert.equal(first(0), 'web');
  seen('web', 30);
  seen('web', 5);
  assert.equal(first(0), 'billing');
  assert.equal(first(20), 'web');
  assert.equal(first(30), undefined);
});
