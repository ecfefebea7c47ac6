import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server } from '@grpc/grpc-js';
import { tolerateResets } from '../../../src/server/rapid-reset.ts';

test('a gRPC server whose HTTP/2 options cannot be reached is refused, not left as it is', () => {
  tolerateResets(new Server());
  const changed = new Server();
  Reflect.deleteProperty(changed, 'commonServerOptions');
  assert.throws(() => tolerateResets(changed), /rapid-reset\.ts must be adapted/);
});
