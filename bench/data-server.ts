/** Runs in a process of its own, so that its turns and its memory are not measured: serves large bundles. */
import { startBundleServer } from '../test/setup/bundle-server.ts';
import { largeBundle } from '../test/setup/large-bundle.ts';

const server = await startBundleServer();
process.once('disconnect', () => process.exit());
process.on('message', (wanted: Wanted) => {
  void publish(wanted);
});
process.send?.(`${server.url}/large`);

interface Wanted {
  readonly revision: string;
  readonly bytes: number;
}

async function publish({ revision, bytes }: Wanted): Promise<void> {
  server.publish('large', await largeBundle(revision, bytes));
  process.send?.(revision);
}
