import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadProtoService } from '../../../src/server/proto-service.ts';

test('a service that the proto does not have as asked for is refused', () => {
  const file = 'grpc/health/v1/health.proto';
  assert.throws(() => loadProtoService(file, 'grpc.health.v2.Health', ['Check']), /no service/);
  assert.throws(() => loadProtoService(file, 'grpc.health.v1.Health', ['Ask']), /with Ask/);
});
