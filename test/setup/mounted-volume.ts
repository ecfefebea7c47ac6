import {
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Files as the kubelet mounts a Secret or a ConfigMap: each name is a link through `..data`, and
 * `..data` is a link to the folder of one generation, which is put in place by a rename.
 */
export class MountedVolume {
  readonly directory = mkdtempSync(join(tmpdir(), 'sallyport-volume-'));
  #generation = 0;

  constructor(files: Readonly<Record<string, string>>) {
    this.replace(files);
    for (const name of Object.keys(files)) {
      symlinkSync(join('..data', name), this.path(name));
    }
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** All of them at once, as the kubelet does: the generation before is removed. */
  replace(files: Readonly<Record<string, string>>): void {
    this.#generation += 1;
    const generation = `..generation_${this.#generation}`;
    mkdirSync(this.path(generation));
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(this.path(generation), name), content);
    }
    const data = this.path('..data');
    symlinkSync(generation, this.path('..data_tmp'));
    const before = this.#generation === 1 ? undefined : readlinkSync(data);
    renameSync(this.path('..data_tmp'), data);
    if (before !== undefined) rmSync(this.path(before), { recursive: true });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
