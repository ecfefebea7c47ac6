import { type AdminSources, isReady, type Readiness } from './facts.ts';
import { pageSecurityPolicy, renderPage } from './page.ts';

export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Route {
  /** Says more than a prober or Prometheus has to know: only where this machine alone can ask. */
  readonly localOnly: boolean;
  readonly answer: (sources: AdminSources) => AdminAnswer | Promise<AdminAnswer>;
}

const routes: ReadonlyMap<string, Route> = new Map([
  ['/', { localOnly: true, answer: answerPage }],
  ['/metrics', { localOnly: false, answer: answerMetrics }],
  ['/healthz', { localOnly: false, answer: () => plain(200, 'alive') }],
  ['/readyz', { localOnly: false, answer: answerReadiness }],
]);

export interface AdminQuestion {
  readonly method: string;
  /** As sent; a query is ignored. */
  readonly target: string;
  /** Whether the server listens where only this machine reaches it. */
  readonly isLocal: boolean;
}

export async function answerRequest(
  { method, target, isLocal }: AdminQuestion,
  sources: AdminSources,
): Promise<AdminAnswer> {
  const [path = ''] = target.split('?', 1);
  const route = routes.get(path);
  if (route === undefined) {
    return plain(404, `Nothing is here. There is: ${[...routes.keys()].join(' ')}`);
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return { ...plain(405, 'Only GET and HEAD'), headers: { allow: 'GET, HEAD' } };
  }
  if (route.localOnly && !isLocal) {
    return plain(
      403,
      'This page is served only when admin.address is a loopback address or a unix socket',
    );
  }
  return route.answer(sources);
}

export function plain(status: number, text: string): AdminAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` };
}

function answerPage({ facts, readiness }: AdminSources): AdminAnswer {
  return {
    status: 200,
    contentType: 'text/html; charset=utf-8',
    body: renderPage(facts(), readiness()),
    headers: { 'content-security-policy': pageSecurityPolicy },
  };
}

async function answerMetrics({ scrape, scrapeContentType }: AdminSources): Promise<AdminAnswer> {
  return { status: 200, contentType: scrapeContentType, body: await scrape() };
}

function answerReadiness({ readiness }: AdminSources): AdminAnswer {
  const parts = readiness();
  if (isReady(parts)) return plain(200, 'ready');
  const missing = parts.filter(({ ready }) => !ready).map(missingLine);
  return plain(503, ['not ready', ...missing].join('\n'));
}

function missingLine({ name, detail }: Readiness): string {
  return detail === undefined ? name : `${name}: ${detail}`;
}
