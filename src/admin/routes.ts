import { isJsonObject, type JsonObject, parsePlainJson } from '../domain/json.ts';
import { isAuthorized } from './admin-token.ts';
import { type AdminAnswer, json, plain } from './answers.ts';
import { type AdminSources, isReady, type Readiness } from './facts.ts';
import { grantRoutes } from './grant-routes.ts';
import { limitRoutes } from './limit-routes.ts';
import { pageSecurityPolicy, renderPage } from './page.ts';
import { type Asked, nameIn, type Route } from './route.ts';

const routes: readonly Route[] = [
  { path: '/', method: 'GET', access: 'local', answer: answerPage },
  { path: '/metrics', method: 'GET', access: 'anybody', answer: answerMetrics },
  { path: '/healthz', method: 'GET', access: 'anybody', answer: () => plain(200, 'alive') },
  { path: '/readyz', method: 'GET', access: 'anybody', answer: answerReadiness },
  { path: '/v1/status', method: 'GET', access: 'local', answer: answerStatus },
  { path: '/v1/bundles/{name}/rollback', method: 'POST', access: 'token', answer: rollBack },
  ...limitRoutes,
  ...grantRoutes,
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
  /** Resolves to undefined when the body is longer than any order. */
  readonly readBody: () => Promise<string | undefined>;
}

/** `tokenFile`: what holds the token; without one, nobody has it. */
export async function answerRequest(
  question: AdminQuestion,
  sources: AdminSources,
  tokenFile: string | undefined,
): Promise<AdminAnswer> {
  const [path = ''] = question.target.split('?', 1);
  const there = routes.filter((route) => nameIn(path, route) !== undefined);
  const route = there.find((each) => methodsOf(each).includes(question.method));
  if (route === undefined) return there.length > 0 ? refuseMethod(there) : notFound();
  const refusal = await refuse(route, question, tokenFile);
  if (refusal !== undefined) return refusal;
  const read: Body = route.takesBody === true ? await bodyOf(question) : { body: {} };
  if ('refusal' in read) return read.refusal;
  const name = nameIn(path, route) ?? '';
  return route.answer(sources, { name, peer: question.peer, body: read.body });
}

function notFound(): AdminAnswer {
  const paths = new Set(routes.map((route) => route.path));
  return plain(404, `Nothing is here. There is: ${[...paths].join(' ')}`);
}

function methodsOf({ method }: Route): readonly string[] {
  return method === 'GET' ? ['GET', 'HEAD'] : [method];
}

function refuseMethod(there: readonly Route[]): AdminAnswer {
  const allowed = there.flatMap(methodsOf);
  return { ...plain(405, `Only ${allowed.join(' and ')}`), headers: { allow: allowed.join(', ') } };
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

type Body = { readonly body: JsonObject } | { readonly refusal: AdminAnswer };

async function bodyOf({ readBody }: AdminQuestion): Promise<Body> {
  const text = await readBody();
  if (text === undefined) {
    const refusal = plain(413, 'The body is too long for anything that is asked here');
    return { refusal: { ...refusal, headers: { connection: 'close' } } };
  }
  const body = parsePlainJson(text);
  return isJsonObject(body) ? { body } : { refusal: plain(400, 'The body must be a JSON object') };
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
