import { hash } from 'node:crypto';
import type { CertificateFacts } from '../domain/identity/certificate-facts.ts';
import type { ScriptRunner } from '../domain/script-runner.ts';
import { onUsable, openRedisClient, type RedisClient, serverCertificates } from './redis-client.ts';
import type { RedisSettings } from './redis-settings.ts';

/** Told when Redis comes and goes. Must not throw. */
export interface RedisObserver {
  connected(): void;
  /** At each loss, and at each attempt to connect that failed. */
  lost(cause: string): void;
  /** A connection with renewed settings cannot be made; the old settings stay. At each attempt. */
  renewalFailed(cause: string): void;
}

export interface RedisConnection extends ScriptRunner {
  /** Connects anew with other settings; the old connection serves until the new one is up. */
  renew(settings: RedisSettings): void;
  /** Of the servers that it is connected to now, over TLS. */
  serverCertificates(): readonly CertificateFacts[];
  /** Ends the connection for good; what is in flight is rejected. */
  close(): void;
}

/** Connects in the background, again and again; a Redis that is away is no error. */
export function createRedisConnection(
  settings: RedisSettings,
  observer: RedisObserver,
): RedisConnection {
  return new RenewableConnection(settings, observer);
}

class RenewableConnection implements RedisConnection {
  readonly #observer: RedisObserver;
  #serving: Link;
  #next: Link | undefined;

  constructor(settings: RedisSettings, observer: RedisObserver) {
    this.#observer = observer;
    this.#serving = new Link(settings, observer);
  }

  isUp(): boolean {
    return this.#serving.isUp();
  }

  runScript(
    lua: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    return this.#serving.runScript(lua, keys, args);
  }

  renew(settings: RedisSettings): void {
    this.#next?.close();
    const next = new Link(settings, {
      connected: () => {
        this.#serve(next);
      },
      lost: (cause) => {
        if (next === this.#serving) this.#observer.lost(cause);
        else this.#observer.renewalFailed(cause);
      },
    });
    this.#next = next;
  }

  serverCertificates(): readonly CertificateFacts[] {
    return this.#serving.serverCertificates();
  }

  close(): void {
    this.#next?.close();
    this.#serving.close();
  }

  /** What is in flight on the old one may still be answered. */
  #serve(link: Link): void {
    if (link === this.#next) {
      this.#serving.closeWhenAnswered();
      this.#serving = link;
      this.#next = undefined;
    }
    this.#observer.connected();
  }
}

/** One client, for as long as its settings hold. */
class Link implements ScriptRunner {
  readonly #client: RedisClient;
  readonly #commandTimeoutMs: number;
  #isUsable = false;
  #isClosed = false;

  constructor(settings: RedisSettings, observer: Omit<RedisObserver, 'renewalFailed'>) {
    this.#commandTimeoutMs = settings.commandTimeoutMs;
    this.#client = openRedisClient(settings);
    let cause: string | undefined;
    const lost = (): void => {
      this.#isUsable = false;
      if (!this.#isClosed) observer.lost(cause ?? 'the connection was closed');
      cause = undefined;
    };
    // Of a cluster: what comes after it says only that no node could be asked.
    this.#client.on('node error', (error: Error) => {
      if (!lossPattern.test(error.message)) cause = sentenceOf(error);
    });
    this.#client.on('error', (error: Error) => {
      cause ??= sentenceOf(error);
      // Sentinels that cannot be reached close nothing.
      if (error.message.startsWith('All sentinels')) lost();
    });
    this.#client.on('close', lost);
    // Without a `close` where there never was a connection: a key that is not its certificate's.
    this.#client.on('end', lost);
    onUsable(this.#client, () => {
      this.#isUsable = true;
      if (!this.#isClosed) observer.connected();
    });
  }

  isUp(): boolean {
    return this.#isUsable && this.#client.status === 'ready';
  }

  async runScript(
    lua: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    try {
      return await runByDigest(this.#client, lua, [keys.length, ...keys, ...args]);
    } catch (error) {
      throw inPlainWords(error);
    }
  }

  serverCertificates(): readonly CertificateFacts[] {
    return serverCertificates(this.#client);
  }

  close(): void {
    this.#isClosed = true;
    this.#client.disconnect();
  }

  closeWhenAnswered(): void {
    this.#isClosed = true;
    setTimeout(() => {
      this.#client.disconnect();
    }, this.#commandTimeoutMs);
  }
}

type ScriptArguments = [keyCount: number, ...keysAndArgs: (string | number)[]];

/** A server that does not know the digest has run nothing (NOSCRIPT), and is sent the text. */
async function runByDigest(
  client: RedisClient,
  lua: string,
  args: ScriptArguments,
): Promise<unknown> {
  try {
    return await client.evalsha(digestOf(lua), ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return client.eval(lua, ...args);
  }
}

const digests = new Map<string, string>();

/** Of the few scripts that there are. */
function digestOf(lua: string): string {
  const known = digests.get(lua);
  if (known !== undefined) return known;
  const digest = hash('sha1', lua);
  digests.set(lua, digest);
  return digest;
}

function sentenceOf({ message, name, code }: NodeJS.ErrnoException): string {
  if (message.startsWith('All sentinels')) return 'no sentinel could be asked';
  if (name === 'ClusterAllFailedError') return 'no node of the cluster could be asked';
  // Where a name has several addresses and none answers, there is no message.
  return message === '' ? (code ?? name) : message;
}

/** What ioredis says where the connection ended before the reply: its options, and its own state. */
const lossPattern = /^(?:Connection is closed|Stream isn't writeable|Reached the max retries)/;

function inPlainWords(error: unknown): unknown {
  return error instanceof Error && lossPattern.test(error.message)
    ? new Error('the connection to Redis was lost', { cause: error })
    : error;
}
