const needsConfiguration =
  'it reaches other hosts: name them in policy.outside.hosts of sallyport.yaml';
const isCompiledAway = "OPA's compiler puts the annotations in its place";

/** Why a builtin of OPA is not here; a bundle that calls one is refused when it is loaded. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['http.send', needsConfiguration],
  ['internal.test_case', 'only opa test calls it'],
  ['net.lookup_ip_addr', needsConfiguration],
  ['rego.metadata.chain', isCompiledAway],
  ['rego.metadata.rule', isCompiledAway],
  ['rego.parse_module', 'it needs the compiler of Rego, which a compiled policy runs without'],
]);

export function refusalOf(name: string): string {
  return reasons.get(name) ?? 'there is no such builtin in OPA 1.22, or it is not built here';
}
