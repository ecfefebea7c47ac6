import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { BundleError } from '../../bundle-error.ts';
import type { BundleFiles } from './bundle-files.ts';

const unzip = promisify(gunzip);

/**
 * The files of a .tar.gz by their path, without a leading slash. Throws a BundleError for more than
 * `maxBytes` unpacked, and for what no bundle needs and an attack would: links, `..`, repeated names.
 */
export async function readArchive(archive: Uint8Array, maxBytes: number): Promise<BundleFiles> {
  const tar = await unpack(archive, maxBytes);
  const files = new Map<string, Uint8Array>();
  const entries = extract();
  entries.end(tar);
  try {
    for await (const entry of entries) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(chunk);
      if (entry.header.type === 'directory') continue;
      const path = filePath(entry.header);
      if (files.has(path)) throw new BundleError(`the bundle has ${path} twice`);
      files.set(path, Buffer.concat(chunks));
    }
  } catch (error) {
    if (error instanceof BundleError) throw error;
    throw new BundleError('the bundle is not a complete tar archive: fetch or build it again', {
      cause: error,
    });
  }
  return files;
}

async function unpack(archive: Uint8Array, maxBytes: number): Promise<Buffer> {
  try {
    return await unzip(archive, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new BundleError(`the bundle is larger than ${maxBytes} bytes when unpacked`, {
        cause: error,
      });
    }
    const isCut = error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR';
    const message = isCut
      ? 'the bundle ends too early: fetch or build it again'
      : 'the bundle is not a gzip file: expected the .tar.gz of opa build';
    throw new BundleError(message, { cause: error });
  }
}

function filePath({ name, type }: Header): string {
  if (type !== 'file') {
    throw new BundleError(`${name} in the bundle is a ${type}, not a file`);
  }
  // opa build writes `/policy.wasm`, tar writes `./policy.wasm`.
  const path = name.replace(/^\.?\//, '');
  const isSafe = path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isSafe || path.includes('\\') || path.includes('\0')) {
    throw new BundleError(`${JSON.stringify(name)} in the bundle is not a plain relative path`);
  }
  return path;
}
