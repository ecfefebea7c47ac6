import type { ServerTlsConfig } from '../../config/config.ts';
import { formatProblem, type Problem } from '../../config/problem.ts';
import { factsOf } from '../../domain/identity/certificate-facts.ts';
import { parseSpiffePattern } from '../../domain/identity/spiffe-pattern.ts';
import type { GrpcServer } from '../../server/grpc-server.ts';
import type { Trust } from '../../server/tls/admission.ts';
import { readCredentials, type TlsMaterial } from '../../server/tls/credentials.ts';
import type { TlsDoorOptions } from '../../server/tls/tls-door.ts';
import type { Loaded } from '../../config/loaded.ts';
import type { Surroundings } from '../surroundings.ts';
import { refusalLog } from '../logs/refusal-log.ts';
import { fileSource, type MaterialSource, openWorkloadSource } from './tls-material.ts';

/** The files whose change means other certificates. */
export function tlsFiles(tls: ServerTlsConfig | undefined): readonly string[] {
  const { certificate, privateKey, clientCa } = tls ?? {};
  return [certificate, privateKey, clientCa].filter((path) => path !== undefined);
}

/** Reads the files of `server.tls`, and everything that a handshake would fail for. */
export function loadTrust(
  tls: ServerTlsConfig,
  nowMs: number,
  source: MaterialSource = fileSource,
): Loaded<Trust> {
  const material = source.read(tls);
  return 'problems' in material ? material : trustOf(tls, material.value, nowMs);
}

/** For the second file of a pair to follow the first. */
const patienceMs = 5000;

/**
 * Keeps whom the server trusts and what it shows. What is new is checked aside; what is bad leaves
 * the old serving.
 */
export class DoorKeeper {
  readonly #source: MaterialSource;
  readonly #surroundings: Surroundings;
  #tls: ServerTlsConfig;
  #trust: Trust;
  #server: Pick<GrpcServer, 'useTrust'> | undefined;
  #secondLook: NodeJS.Timeout | undefined;

  private constructor(
    tls: ServerTlsConfig,
    source: MaterialSource,
    trust: Trust,
    surroundings: Surroundings,
  ) {
    this.#source = source;
    this.#tls = tls;
    this.#trust = trust;
    this.#surroundings = surroundings;
    this.#tellLeftOut();
    const { certificates } = surroundings.telemetry;
    certificates.track('server', () => this.#trust.credentials.chain.map(factsOf));
    certificates.track('client_ca', () =>
      this.#trust.credentials.anchors.map(({ certificate }) => factsOf(certificate)),
    );
  }

  /** Waits for a Workload API to answer first. */
  static async open(tls: ServerTlsConfig, surroundings: Surroundings): Promise<Loaded<DoorKeeper>> {
    const source =
      tls.workloadApi === undefined
        ? fileSource
        : await openWorkloadSource(tls.workloadApi, surroundings);
    const loaded = loadTrust(tls, surroundings.clock.nowMs(), source);
    if ('problems' in loaded) {
      source.close();
      return loaded;
    }
    const keeper = new DoorKeeper(tls, source, loaded.value, surroundings);
    source.onChange(() => {
      keeper.renew();
    });
    return { value: keeper };
  }

  /** For the server: what to begin with, and whom to tell of those who were not let in. */
  get doorOptions(): TlsDoorOptions {
    const { clock, log, telemetry } = this.#surroundings;
    const tell = refusalLog(log, clock, 'connections were refused');
    return {
      trust: this.#trust,
      onRefused: ({ source, cause, detail }) => {
        telemetry.handshakeFailed(source, cause);
        tell({ source, cause, detail });
      },
    };
  }

  /** From now on the server is told of every new trust. */
  serve(server: Pick<GrpcServer, 'useTrust'>): void {
    this.#server = server;
  }

  get files(): readonly string[] {
    return tlsFiles(this.#tls);
  }

  /** What serves with these settings once it is called. Another source waits for a restart. */
  prepare(wanted: ServerTlsConfig): Loaded<() => void> {
    const isSameSource = wanted.workloadApi === this.#tls.workloadApi;
    const { allowedClients } = wanted;
    const tls = isSameSource ? wanted : { ...this.#tls, allowedClients };
    const loaded = loadTrust(tls, this.#surroundings.clock.nowMs(), this.#source);
    if ('problems' in loaded) return loaded;
    const adopt = (): void => {
      clearTimeout(this.#secondLook);
      [this.#tls, this.#trust] = [tls, loaded.value];
      this.#tellLeftOut();
      this.#server?.useTrust(loaded.value);
    };
    return { value: adopt };
  }

  close(): void {
    clearTimeout(this.#secondLook);
    this.#source.close();
  }

  /** The source has something new. */
  renew(): void {
    const { telemetry, log } = this.#surroundings;
    const problems = this.#adoptWhatIsThere();
    telemetry.reloaded('certificate', problems.length === 0 ? 'success' : 'failure');
    if (problems.length === 0) log.info('certificate renewed');
    else {
      log.error('certificate not renewed: the old one goes on serving', {
        problems: problems.map(formatProblem),
      });
    }
  }

  /**
   * The files have changed. Whoever writes a certificate and then its key is given time for both:
   * undefined when they cannot serve yet, and if they still cannot then, it is told of.
   */
  reload(): readonly Problem[] | undefined {
    clearTimeout(this.#secondLook);
    const problems = this.#adoptWhatIsThere();
    if (problems.length === 0) return problems;
    this.#secondLook = setTimeout(() => {
      this.renew();
    }, patienceMs).unref();
    return undefined;
  }

  #tellLeftOut(): void {
    const { leftOut } = this.#trust.credentials;
    if (leftOut.length === 0) return;
    this.#surroundings.log.error('clients of federated trust domains are not let in', {
      problems: leftOut,
    });
  }

  #adoptWhatIsThere(): readonly Problem[] {
    const prepared = this.prepare(this.#tls);
    if ('problems' in prepared) return prepared.problems;
    prepared.value();
    return [];
  }
}

function trustOf(tls: ServerTlsConfig, material: TlsMaterial, nowMs: number): Loaded<Trust> {
  const read = readCredentials(material, nowMs);
  if ('faults' in read) {
    const problems = read.faults.map(({ part, message }) => ({
      file: tls[part] ?? tls.workloadApi ?? '',
      path: `server.tls.${part}`,
      message,
    }));
    return { problems };
  }
  const allowedClients = tls.allowedClients
    .map((text) => parseSpiffePattern(text))
    .filter((pattern) => pattern !== undefined);
  return { value: { credentials: read.value, allowedClients } };
}
