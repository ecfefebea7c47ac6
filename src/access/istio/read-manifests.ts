import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';
import type { IstioCondition, IstioPolicy, IstioRule, Workload } from './policy.ts';

export interface Manifests {
  readonly policies: readonly IstioPolicy[];
  readonly workloads: readonly Workload[];
}

/** What of Kubernetes' manifests an import is about. Throws an Error for a policy that is none. */
export function readManifests(documents: readonly JsonValue[]): Manifests {
  const objects = documents.flatMap((document) => membersOf(document));
  return {
    policies: objects.filter(isPolicy).map(readPolicy),
    workloads: objects.flatMap(readWorkload),
  };
}

/** `kubectl get -o yaml` gives a List. */
function membersOf(document: JsonValue): readonly JsonObject[] {
  if (!isJsonObject(document)) return [];
  return textAt(document, 'kind').endsWith('List')
    ? listAt(document, 'items').flatMap(membersOf)
    : [document];
}

function isPolicy(object: JsonObject): boolean {
  return (
    textAt(object, 'kind') === 'AuthorizationPolicy' &&
    textAt(object, 'apiVersion').startsWith('security.istio.io/')
  );
}

/** As Go's strconv.ParseBool reads them. */
const goTrue = ['1', 't', 'T', 'true', 'True', 'TRUE'];
const actions = ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'] as const;

function readPolicy(object: JsonObject): IstioPolicy {
  const metadata = objectAt(object, 'metadata');
  const spec = objectAt(object, 'spec');
  const name = textAt(metadata, 'name');
  const namespace = textAt(metadata, 'namespace') || 'default';
  const action = actions.find((each) => each === (spec['action'] ?? 'ALLOW'));
  if (action === undefined) {
    throw new Error(
      `AuthorizationPolicy ${namespace}/${name}: no action is called ${JSON.stringify(spec['action'])}`,
    );
  }
  const rules = spec['rules'] ?? [];
  if (!isJsonArray(rules)) {
    throw new Error(`AuthorizationPolicy ${namespace}/${name}: rules is no list`);
  }
  const labels = labelsAt(objectAt(spec, 'selector'), 'matchLabels');
  return {
    name,
    namespace,
    action,
    ...(labels.size > 0 && { selector: labels }),
    hasTargets: spec['targetRef'] !== undefined || spec['targetRefs'] !== undefined,
    isDryRun: goTrue.includes(textAt(objectAt(metadata, 'annotations'), 'istio.io/dry-run')),
    rules: rules.map(readRule),
  };
}

function readRule(value: JsonValue): IstioRule {
  const { from, to, when, ...others } = isJsonObject(value) ? value : { 'no rule': value };
  const noLists = Object.entries({ from, to, when })
    .filter(([, list]) => list !== undefined && !isJsonArray(list))
    .map(([key]) => key);
  const unknown = [...Object.keys(others), ...noLists].map(nobodyKnows);
  return {
    from: itemsOf(from).map((item) => sideOf(item, 'source')),
    to: itemsOf(to).map((item) => sideOf(item, 'operation')),
    when: [...itemsOf(when).flatMap((item) => readWhen(asObject(item))), ...unknown],
  };
}

/** What Istio would refuse, such as a source that says nothing, must not match everything. */
function nobodyKnows(key: string): IstioCondition {
  return { key, values: [], negated: false };
}

function sideOf(item: JsonValue, name: string): readonly IstioCondition[] {
  const fields = objectAt(asObject(item), name);
  if (Object.keys(fields).length === 0) return [nobodyKnows(`empty ${name}`)];
  return Object.entries(fields).map(([field, values]) => {
    if (!isJsonArray(values) || values.length === 0) return nobodyKnows(field);
    const [, plain = ''] = /^not([A-Z]\w*)$/.exec(field) ?? [];
    const negated = plain !== '';
    const key = negated ? `${plain.charAt(0).toLowerCase()}${plain.slice(1)}` : field;
    return { key, values: values.map(String), negated };
  });
}

function readWhen(entry: JsonObject): readonly IstioCondition[] {
  const key = textAt(entry, 'key');
  if (entry['values'] === undefined && entry['notValues'] === undefined) return [nobodyKnows(key)];
  return [
    ...conditionsOf(key, entry['values'], false),
    ...conditionsOf(key, entry['notValues'], true),
  ];
}

function conditionsOf(
  key: string,
  values: JsonValue | undefined,
  negated: boolean,
): readonly IstioCondition[] {
  if (values === undefined) return [];
  const isFilled = isJsonArray(values) && values.length > 0;
  return [isFilled ? { key, values: values.map(String), negated } : nobodyKnows(key)];
}

const workloadKinds = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
  'Pod',
];

function readWorkload(object: JsonObject): readonly Workload[] {
  const kind = textAt(object, 'kind');
  if (!workloadKinds.includes(kind)) return [];
  const spec = objectAt(object, 'spec');
  const owner = kind === 'CronJob' ? objectAt(objectAt(spec, 'jobTemplate'), 'spec') : spec;
  const pod = kind === 'Pod' ? object : objectAt(owner, 'template');
  const podSpec = objectAt(pod, 'spec');
  return [
    {
      namespace: textAt(objectAt(object, 'metadata'), 'namespace') || 'default',
      labels: labelsAt(objectAt(pod, 'metadata'), 'labels'),
      // The second is its old name, which still holds where the first is not given.
      serviceAccount:
        textAt(podSpec, 'serviceAccountName') || textAt(podSpec, 'serviceAccount') || 'default',
    },
  ];
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function objectAt(object: JsonObject, key: string): JsonObject {
  return asObject(object[key]);
}

function itemsOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isJsonArray(value) ? value : [];
}

function listAt(object: JsonObject, key: string): readonly JsonValue[] {
  return itemsOf(object[key]);
}

function textAt(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === 'string' ? value : '';
}

function labelsAt(object: JsonObject, key: string): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(objectAt(object, key)).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}
