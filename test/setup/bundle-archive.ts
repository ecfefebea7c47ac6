import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** A bundle of these files. */
export async function bundleOf(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, bytesOf(content));
  tar.finalize();
  return gzipSync(await buffer(tar));
}

function bytesOf(content: string | Uint8Array): Buffer {
  return Buffer.from(content);
}

/** A bundle of data below one root. */
export function dataBundle(revision: string, root: string, value: unknown): Promise<Buffer> {
  return bundleOf({
    '.manifest': JSON.stringify({ revision, roots: [root] }),
    'data.json': JSON.stringify({ [root]: value }),
  });
}

/** Changes to a bundle of the same root. */
export function deltaBundle(revision: string, root: string, data: unknown): Promise<Buffer> {
  return bundleOf({
    '.manifest': JSON.stringify({ revision, roots: [root] }),
    'patch.json': JSON.stringify({ data }),
  });
}
