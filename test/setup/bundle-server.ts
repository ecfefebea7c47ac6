import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';

/** Answers in the place of the server: a fault, for one test. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of OPA's bundle API: ETag, If-None-Match, and long polls when it is asked to wait. */
export interface BundleServer {
  readonly url: string;
  /** What was asked so far. */
  readonly requests: readonly IncomingMessage[];
  /** What was posted, all of which it takes. */
  readonly posts: readonly Post[];
  /** From now on `/NAME` is this, and who waits for news gets it. */
  publish(name: string, archive: Uint8Array): void;
  /** Answers so, also to who waits for news, until it is called without one. */
  answerWith(answer?: Answer): void;
  close(): Promise<void>;
}

interface Post {
  readonly request: IncomingMessage;
  readonly body: string;
}

interface Published {
  readonly archive: Uint8Array;
  readonly etag: string;
}

export async function startBundleServer(): Promise<BundleServer> {
  const requests: IncomingMessage[] = [];
  const posts: Post[] = [];
  const published = new Map<string, Published>();
  const waiting = new Set<() => void>();
  let fault: Answer | undefined;

  const takePost = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    posts.push({ request, body: await text(request) });
    response.end();
  };

  const server = createServer((request, response) => {
    requests.push(request);
    if (fault !== undefined) {
      fault(request, response);
      return;
    }
    if (request.method === 'POST') {
      void takePost(request, response);
      return;
    }
    const answer = () => published.get((request.url ?? '').slice(1));
    const waitMs = 1000 * Number(/wait=(\d+)/.exec(String(request.headers['prefer']))?.[1] ?? 0);
    const found = answer();
    const hasNews = found === undefined || found.etag !== request.headers['if-none-match'];
    if (waitMs === 0 || hasNews) {
      send(response, request, answer(), waitMs > 0);
      return;
    }
    const finish = (): void => {
      clearTimeout(timer);
      waiting.delete(finish);
      if (fault === undefined) send(response, request, answer(), true);
      else fault(request, response);
    };
    const timer = setTimeout(finish, waitMs);
    waiting.add(finish);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    posts,
    publish(name, archive) {
      const etag = `"${createHash('sha256').update(archive).digest('hex').slice(0, 16)}"`;
      published.set(name, { archive, etag });
      for (const finish of waiting) finish();
    },
    answerWith(answer) {
      fault = answer;
      for (const finish of waiting) finish();
    },
    async close() {
      const closed = once(server, 'close');
      for (const finish of waiting) finish();
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(
  response: ServerResponse,
  request: IncomingMessage,
  found: Published | undefined,
  isLongPoll: boolean,
): void {
  if (found === undefined) {
    response.writeHead(404).end();
  } else if (found.etag === request.headers['if-none-match']) {
    response.writeHead(304, { etag: found.etag }).end();
  } else {
    const type = isLongPoll ? 'application/vnd.openpolicyagent.bundles' : 'application/gzip';
    response.writeHead(200, { etag: found.etag, 'content-type': type }).end(found.archive);
  }
}
