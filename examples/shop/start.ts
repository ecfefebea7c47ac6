/** A shop to look at and to play with: `npm run example:shop`. README.md says what is where. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { menuOf } from './parts/menu.ts';
import type { Program } from './parts/programs.ts';
import { makeCertificates, startEnvoy, startIssuer, startSallyport, grant } from './parts/shop.ts';

/** How to end what was started, the last first. */
const undo: (() => unknown)[] = [];
const asked = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));

try {
  const programs = await openShop();
  await Promise.race([asked, ...programs.map(({ ended }) => ended)]);
} finally {
  for (const step of undo.toReversed()) await step();
}

/** Ends with the menu of what to try. */
async function openShop(): Promise<readonly Program[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-shop-'));
  undo.push(() => {
    rmSync(folder, { recursive: true });
  });
  makeCertificates(folder);
  const issuer = await startIssuer();
  undo.push(() => issuer.server.close());
  const sallyport = await startSallyport(folder, issuer.url);
  undo.push(() => sallyport.program.stop());
  const envoy = await startEnvoy(folder);
  undo.push(() => envoy?.stop());
  const granted = await grant(folder);
  console.log(
    menuOf({ folder, issuer: issuer.url, page: sallyport.page, ports: envoy?.ports, granted }),
  );
  return [sallyport.program, ...(envoy ? [envoy] : [])];
}
