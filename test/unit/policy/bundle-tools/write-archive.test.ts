import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { writeArchive } from '../../../../src/policy/bundle-tools/write-archive.ts';
import { readArchive } from '../../../../src/policy/bundles/contents/archive.ts';

const files = new Map([
  ['policy.wasm', Buffer.from([0, 97])],
  ['.manifest', Buffer.from('{}')],
  ['shop/data.json', Buffer.from('{"a":1}')],
]);

async function headersOf(archive: Uint8Array): Promise<Header[]> {
  const entries = extract();
  entries.end(gunzipSync(archive));
  const headers: Header[] = [];
  for await (const entry of entries) {
    headers.push(entry.header);
    entry.resume();
  }
  return headers;
}

test('an archive tells neither when, nor where, nor in which order it was written', async () => {
  const archive = await writeArchive(files);
  const turned = await writeArchive(new Map([...files].toReversed()));
  assert.ok(archive.equals(turned));
  const headers = await headersOf(archive);
  assert.deepEqual(
    headers.map(({ name }) => name),
    ['/.manifest', '/policy.wasm', '/shop/data.json'],
  );
  for (const { mtime, mode, uid, gid } of headers) {
    assert.deepEqual([mtime?.getTime(), mode, uid, gid], [0, 0o644, 0, 0]);
  }
  assert.deepEqual([archive.readUInt32LE(4), archive[9]], [0, 255]);
});

test('what was written is read again', async () => {
  const read = await readArchive(await writeArchive(files), 1e6);
  assert.deepEqual(
    new Map(Array.from(read, ([path, content]) => [path, Buffer.from(content)])),
    files,
  );
});
