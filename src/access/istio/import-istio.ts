import type { JsonValue } from '../../domain/json.ts';
import { convertRule } from './convert-rule.ts';
import type { IstioPolicy, Workload } from './policy.ts';
import { readManifests } from './read-manifests.ts';
import type { WrittenRule, WrittenService } from './written.ts';

export interface IstioImport {
  readonly services: readonly WrittenService[];
  /** What could not be carried, and what was taken for granted. */
  readonly notes: readonly string[];
}

export interface IstioImportOptions {
  /** All trust domains of the mesh, its own first. */
  readonly trustDomains: readonly string[];
  /** Whose policies are for every namespace: `istio-system`. */
  readonly rootNamespace: string;
}

/**
 * AuthorizationPolicies as the services of an access document, one for each service account that they
 * are about. Whatever the document allows, the policies allow too; not the other way round.
 * Throws an Error for a policy that is none.
 */
export function importIstio(
  documents: readonly JsonValue[],
  options: IstioImportOptions,
): IstioImport {
  const { policies, workloads } = readManifests(documents);
  const notes: string[] = [];
  const kept = policies.filter((policy) => {
    const reason = whyNot(policy);
    if (reason !== undefined) notes.push(`${titleOf(policy)} ${reason}`);
    return reason === undefined;
  });
  // A policy for workloads that nobody knows might be one that denies.
  const isGuess = workloads.length === 0;
  const known = isGuess ? guessWorkloads(kept, notes) : workloads;
  const selects = (policy: IstioPolicy, workload: Workload): boolean =>
    isSelected(policy, workload, options, isGuess);
  const accounts = Map.groupBy(
    known,
    ({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`,
  );
  const names = new Set<string>();
  const services = [...accounts].flatMap(([account, members]) => {
    const applying = members.map((member) => kept.filter((each) => selects(each, member)));
    const [first = [], ...others] = applying;
    if (!others.every((list) => areSame(list, first))) {
      notes.push(
        `service account ${account} is of workloads with different policies, which cannot be told apart: it is left out, and calls to it are denied`,
      );
      return [];
    }
    if (first.length === 0) return [];
    const service = serviceOf(account, first, options, notes);
    return [{ ...service, name: uniqueName(service.name, names) }];
  });
  for (const policy of kept) {
    if (!known.some((member) => selects(policy, member))) {
      notes.push(
        `${titleOf(policy)} is about no workload of the files: it is left out; give the Deployments that it selects`,
      );
    }
  }
  return { services, notes: [...new Set(notes)] };
}

function areSame(some: readonly IstioPolicy[], others: readonly IstioPolicy[]): boolean {
  return some.length === others.length && some.every((policy) => others.includes(policy));
}

function titleOf({ namespace, name, action }: IstioPolicy): string {
  return `${action} ${namespace}/${name}`;
}

function whyNot({ action, hasTargets, isDryRun }: IstioPolicy): string | undefined {
  if (action === 'CUSTOM') {
    return 'only says when its provider is asked, Sallyport or another: its rules are left out';
  }
  if (action === 'AUDIT') return 'decides nothing: it is left out';
  if (isDryRun) return 'is only tried out (istio.io/dry-run), and decides nothing: it is left out';
  // What denies is taken for all that it may be about.
  if (!hasTargets || action === 'DENY') return undefined;
  return 'is for a gateway or waypoint (targetRefs), which does not say who is called: it is left out; give its service a host or a context extension, and its rules, by hand';
}

/** Of guessed workloads not all labels are known: what denies is taken to select them in doubt. */
function isSelected(
  { namespace, action, hasTargets, selector = new Map<string, string>() }: IstioPolicy,
  workload: Workload,
  { rootNamespace }: IstioImportOptions,
  isGuess: boolean,
): boolean {
  if (namespace !== workload.namespace && namespace !== rootNamespace) return false;
  if (hasTargets) return action === 'DENY';
  return [...selector].every(([key, value]) => {
    const label = workload.labels.get(key);
    return label === value || (label === undefined && isGuess && action === 'DENY');
  });
}

const nameLabels = ['app', 'app.kubernetes.io/name'];

const wholeNamespace = '*';

/** Without workloads: one for each `app` that is selected, under an account of that name. */
function guessWorkloads(policies: readonly IstioPolicy[], notes: string[]): readonly Workload[] {
  return policies.flatMap(({ namespace, selector, hasTargets }): readonly Workload[] => {
    if (hasTargets) return [];
    if (selector === undefined) {
      return [{ namespace, labels: new Map(), serviceAccount: wholeNamespace }];
    }
    const account = nameLabels
      .map((label) => selector.get(label))
      .find((name) => name !== undefined);
    if (account === undefined) return [];
    notes.push(
      `workload ${namespace}/${account} is taken to run under the service account ${account}, as its label says: give its Deployment too, and it is known`,
    );
    return [{ namespace, labels: selector, serviceAccount: account }];
  });
}

function serviceOf(
  account: string,
  policies: readonly IstioPolicy[],
  { trustDomains }: IstioImportOptions,
  notes: string[],
): WrittenService {
  const [namespace = '', name = ''] = account.split('/');
  const names = new Set<string>();
  const rulesOf = (action: 'ALLOW' | 'DENY'): readonly WrittenRule[] =>
    policies
      .filter((policy) => policy.action === action)
      .flatMap((policy) => {
        const mesh = { trustDomains, namespace: policy.namespace };
        return policy.rules.flatMap((rule) => {
          const converted = convertRule(rule, action === 'ALLOW' ? 'opens' : 'closes', mesh);
          notes.push(...converted.notes.map((note) => `${titleOf(policy)}: ${note}`));
          return converted.rules.map((each) => ({ name: uniqueName(policy.name, names), ...each }));
        });
      });
  if (!policies.some(({ action }) => action === 'ALLOW')) {
    notes.push(
      `${account} has no ALLOW policy, so Istio allows whatever is not denied: the document allows nothing; write down what is meant`,
    );
  }
  const [own = ''] = trustDomains;
  return {
    name: safeName(name === wholeNamespace ? `${namespace}.all` : `${namespace}.${name}`),
    principals: [
      name === wholeNamespace
        ? `spiffe://${own}/ns/${namespace}/*`
        : `spiffe://${own}/ns/${namespace}/sa/${name}`,
    ],
    deny: rulesOf('DENY'),
    allow: rulesOf('ALLOW'),
  };
}

/** As the document's names have to be. */
function safeName(name: string): string {
  const safe = name.replaceAll(/[^\w.-]/g, '-').slice(0, 56);
  return /^[A-Za-z]/.test(safe) ? safe : `x${safe}`;
}

function uniqueName(wanted: string, taken: Set<string>): string {
  const base = safeName(wanted);
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}-${number}`;
  taken.add(name);
  return name;
}
