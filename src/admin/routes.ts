import type { JsonObject } from '../domain/json.ts';
import { isAuthorized } from './admin-token.ts';
import { type AdminSources, isReady, type Readiness } from './facts.ts';
import { pageSecurityPolicy, renderPage } from './page.ts';

export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * `anybody`: a prober, or Prometheus. `local`: who is on this machine, where the server listens only
 * there, and else who has the token. `token`: only who has it, for it changes what decides.
 */
type Access = 'anybody' | 'local' | 'token';

interface Route {
  /** `{name}` stands for what `answer` is told. */
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly access: Access;
  readonly answer: Answer;
}

type Answer = (sources: AdminSources, asked: Asked) => AdminAnswer | Promise<AdminAnswer>;

interface Asked {
  readonly name: string;
  readonly peer: string;
}

const routes: readonly Route[] = [
  { path: '/', method: 'GET', access: 'local', answer: answerPage },
  { path: '/metrics', method: 'GET', access: 'anybody', answer: answerMetrics },
  { path: '/healthz', method: 'GET', access: 'anybody', answer: () => plain(200, 'alive') },
  { path: '/readyz', method: 'GET', access: 'anybody', answer: answerReadiness },
  { path: '/v1/status', method: 'GET', access: 'local', answer: answerStatus },
  { path: '/v1/bundles/{name}/rollback', method: 'POST', access: 'token', answer: rollBack },
];

export interface AdminQuestion {
  readonly method: string;
  /** As sent; a query is ignored. */
  readonly target: string;
  /** Whether the server listens where only this machine reaches it. */
  readonly isLocal: boolean;
  readonly authorization: string | undefined;
  /** Who asks, for the log. */
  readonly peer: string;
}

/** `tokenFile`: what holds the token; without one, nobody has it. */
export async function answerRequest(
  question: AdminQuestion,
  sources: AdminSources,
  tokenFile: string | undefined,
): Promise<AdminAnswer> {
  const [path = ''] = question.target.split('?', 1);
  for (const route of routes) {
    const name = nameIn(path, route);
    if (name === undefined) continue;
    const refusal = refuseMethod(route, question) ?? (await refuse(route, question, tokenFile));
    return refusal ?? route.answer(sources, { name, peer: question.peer });
  }
  return plain(404, `Nothing is here. There is: ${routes.map((route) => route.path).join(' ')}`);
}

/** What stands for `{name}`, and nothing where there is none; undefined: it is another path. */
function nameIn(path: string, route: Route): string | undefined {
  const [start = '', end] = route.path.split('{name}');
  if (end === undefined) return path === route.path ? '' : undefined;
  const isLongEnough = path.length > start.length + end.length;
  if (!isLongEnough || !path.startsWith(start) || !path.endsWith(end)) return undefined;
  return decoded(path.slice(start.length, -end.length));
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function refuseMethod({ method }: Route, question: AdminQuestion): AdminAnswer | undefined {
  const allowed = method === 'GET' ? ['GET', 'HEAD'] : [method];
  if (allowed.includes(question.method)) return undefined;
  const answer = plain(405, `Only ${allowed.join(' and ')}`);
  return { ...answer, headers: { allow: allowed.join(', ') } };
}

async function refuse(
  { access }: Route,
  { isLocal, authorization }: AdminQuestion,
  tokenFile: string | undefined,
): Promise<AdminAnswer | undefined> {
  if (access === 'anybody' || (access === 'local' && isLocal)) return undefined;
  if (tokenFile === undefined) return plain(403, needsToken[access]);
  if (await isAuthorized(tokenFile, authorization)) return undefined;
  const answer = plain(401, 'Send the token of admin.tokenFile: authorization: Bearer …');
  return { ...answer, headers: { 'www-authenticate': 'Bearer realm="sallyport"' } };
}

const needsToken: Readonly<Record<'local' | 'token', string>> = {
  local:
    'This is served only when admin.address is a loopback address or a unix socket, or with the token of admin.tokenFile',
  token: 'This changes what decides, so it takes a token: set admin.tokenFile',
};

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

function answerStatus({ status }: AdminSources): AdminAnswer {
  return json(status());
}

async function rollBack({ rollback }: AdminSources, { name, peer }: Asked): Promise<AdminAnswer> {
  const result = await rollback(name, peer);
  if (result.outcome === 'done') return json(result.status);
  return result.outcome === 'refused'
    ? plain(409, result.reason)
    : plain(404, `There is no bundle ${JSON.stringify(name)}`);
}

function json(document: JsonObject): AdminAnswer {
  return { status: 200, contentType: 'application/json', body: `${JSON.stringify(document)}\n` };
}
