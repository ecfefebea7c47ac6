import type { CertificateFacts } from '../domain/identity/certificate-facts.ts';

/** Far more than there are workloads that call one service. */
const maxSubjects = 1000;

/** Which of the certificates seen expires first: one of each subject, the latest that it has. */
export class SoonestExpiring {
  readonly #bySubject = new Map<string, CertificateFacts>();

  seen(facts: CertificateFacts): void {
    const known = this.#bySubject.get(facts.subject);
    if (known !== undefined && known.notAfterMs >= facts.notAfterMs) return;
    if (known === undefined && this.#bySubject.size >= maxSubjects) return;
    this.#bySubject.set(facts.subject, facts);
  }

  /** Of those that are still good: who has gone does not come back with an old certificate. */
  read(nowMs: number): readonly CertificateFacts[] {
    let soonest: CertificateFacts | undefined;
    for (const facts of this.#bySubject.values()) {
      if (facts.notAfterMs <= nowMs) this.#bySubject.delete(facts.subject);
      else if (facts.notAfterMs < (soonest?.notAfterMs ?? Infinity)) soonest = facts;
    }
    return soonest === undefined ? [] : [soonest];
  }
}
