import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readArchive } from '../../src/policy/bundles/contents/archive.ts';
import { bundleOf } from './bundle-archive.ts';

const example = join(import.meta.dirname, '../../bundles/example.tar.gz');

/** The files of the shipped example, with users of about `bytes` as its data. */
export async function largeBundleFiles(
  revision: string,
  bytes: number,
): Promise<Record<string, Uint8Array>> {
  const files = Object.fromEntries(await readArchive(await readFile(example), 1e7));
  const manifest = JSON.parse(Buffer.from(files['.manifest'] ?? '').toString()) as object;
  return {
    ...files,
    'users/data.json': usersOf(bytes),
    '.manifest': Buffer.from(JSON.stringify({ ...manifest, revision })),
  };
}

export async function largeBundle(revision: string, bytes: number): Promise<Buffer> {
  return bundleOf(await largeBundleFiles(revision, bytes));
}

function usersOf(bytes: number): Buffer {
  const members: string[] = [];
  for (let length = 0, id = 0; length < bytes; id += 1) {
    const user = {
      id,
      roles: ['reader', 'writer'],
      mail: `user-${id}@shop.example`,
      rate: id % 99,
    };
    const member = `"user-${id}":${JSON.stringify(user)}`;
    length += member.length + 1;
    members.push(member);
  }
  return Buffer.from(`{${members.join(',')}}`);
}
