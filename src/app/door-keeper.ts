import type { ServerTlsConfig } from '../config/config.ts';
import type { Problem } from '../config/problem.ts';
import { readText } from '../config/read-file.ts';
import { factsOf } from '../domain/certificate-facts.ts';
import { parseSpiffePattern } from '../domain/spiffe-pattern.ts';
import type { GrpcServer } from '../server/grpc-server.ts';
import type { Trust } from '../server/tls/admission.ts';
import { readCredentials, type TlsMaterial } from '../server/tls/credentials.ts';
import type { TlsDoorOptions } from '../server/tls/tls-door.ts';
import type { Loaded } from './loaded.ts';
import type { Surroundings } from './open-gate.ts';
import { refusalLog } from './refusal-log.ts';

/** The files whose change means other certificates. */
export function tlsFiles(tls: ServerTlsConfig | undefined): readonly string[] {
  return tls === undefined ? [] : [tls.certificate, tls.privateKey, tls.clientCa];
}

/** Reads the files of `server.tls`, and everything that a handshake would fail for. */
export function loadTrust(tls: ServerTlsConfig, nowMs: number): Loaded<Trust> {
  const material = readMaterial(tls);
  return 'problems' in material ? material : trustOf(tls, material.value, nowMs);
}

/**
 * Keeps whom the server trusts and what it shows. What is new is checked aside; what is bad leaves
 * the old serving.
 */
export class DoorKeeper {
  readonly #surroundings: Surroundings;
  #tls: ServerTlsConfig;
  #trust: Trust;
  #server: Pick<GrpcServer, 'useTrust'> | undefined;

  private constructor(tls: ServerTlsConfig, trust: Trust, surroundings: Surroundings) {
    this.#tls = tls;
    this.#trust = trust;
    this.#surroundings = surroundings;
    const { certificates } = surroundings.telemetry;
    certificates.track('server', () => this.#trust.credentials.chain.map(factsOf));
    certificates.track('client_ca', () =>
      this.#trust.credentials.anchors.map(({ certificate }) => factsOf(certificate)),
    );
  }

  static open(tls: ServerTlsConfig, surroundings: Surroundings): Loaded<DoorKeeper> {
    const loaded = loadTrust(tls, surroundings.clock.nowMs());
    if ('problems' in loaded) return loaded;
    return { value: new DoorKeeper(tls, loaded.value, surroundings) };
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

  /** What serves with these settings once it is called. */
  prepare(tls: ServerTlsConfig): Loaded<() => void> {
    const loaded = loadTrust(tls, this.#surroundings.clock.nowMs());
    if ('problems' in loaded) return loaded;
    const adopt = (): void => {
      [this.#tls, this.#trust] = [tls, loaded.value];
      this.#server?.useTrust(loaded.value);
    };
    return { value: adopt };
  }

  /** The files have changed. */
  reload(): readonly Problem[] {
    const prepared = this.prepare(this.#tls);
    if ('problems' in prepared) return prepared.problems;
    prepared.value();
    return [];
  }
}

function readMaterial(tls: ServerTlsConfig): Loaded<TlsMaterial> {
  const problems: Problem[] = [];
  const read = (key: 'certificate' | 'privateKey' | 'clientCa'): string => {
    const file = tls[key];
    try {
      return readText(file);
    } catch (fault) {
      const message = fault instanceof Error ? fault.message : String(fault);
      problems.push({ file, path: `server.tls.${key}`, message });
      return '';
    }
  };
  const material = {
    certificate: read('certificate'),
    privateKey: read('privateKey'),
    clientCa: [{ pem: read('clientCa') }],
  };
  return problems.length > 0 ? { problems } : { value: material };
}

function trustOf(tls: ServerTlsConfig, material: TlsMaterial, nowMs: number): Loaded<Trust> {
  const read = readCredentials(material, nowMs);
  if ('faults' in read) {
    const problems = read.faults.map(({ part, message }) => ({
      file: tls[part],
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
