import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { BundleFiles } from '../bundles/contents/bundle-files.ts';

/** A .tar.gz whose bytes follow from the files alone: not from the time, the machine, the order. */
export async function writeArchive(files: BundleFiles): Promise<Buffer> {
  const tar = pack();
  for (const path of [...files.keys()].toSorted()) {
    // With a slash, as opa build writes it.
    const header = { name: `/${path}`, mode: 0o644, mtime: new Date(0) };
    tar.entry(header, Buffer.from(files.get(path) ?? []));
  }
  tar.finalize();
  const gzip = gzipSync(await buffer(tar), { level: 9 });
  // RFC 1952 §2.3: the byte that says which operating system wrote it; 255 is unknown.
  gzip[9] = 255;
  return gzip;
}
