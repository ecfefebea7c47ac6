import { randomUUID } from 'node:crypto';
import type { AuditConfig } from '../config/config.ts';
import { version } from './version.ts';

/** What decision records and status reports say of where they come from. */
export type Labels = Readonly<Record<string, string>>;

/** Anew for each process. */
export function createLabels({ labels }: AuditConfig): Labels {
  return { ...Object.fromEntries(labels), id: randomUUID(), version };
}
