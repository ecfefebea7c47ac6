import { printable } from '../../domain/printable.ts';
import type {
  BuiltinDescription,
  BundleDescription,
  Verification,
} from '../../policy/bundle-tools/describe-bundle.ts';
import { table } from '../command.ts';

/** Aligned, and only what is there. */
export function describeForTerminal(description: BundleDescription): string {
  const { type, revision, roots, modules, builtins, dataBytes, hasRego } = description;
  const rows = [
    ['revision', revision],
    ...(type === 'delta' ? [['type', 'a delta: changes to the data of another'] as const] : []),
    ...rowsOf('roots', roots),
    ...modules.flatMap(({ file, sizeBytes, entrypoints }) => [
      ...rowsOf('module', [`${file}, ${sizeText(sizeBytes)}`]),
      ...rowsOf('entrypoints', entrypoints),
    ]),
    ...rowsOf('module', hasRego && modules.length === 0 ? [onlyRego] : []),
    ...rowsOf('builtins', available(builtins)),
    ...rowsOf('configured', explained(builtins, 'configured')),
    ...rowsOf('refused', explained(builtins, 'never')),
    ['data', sizeText(dataBytes)],
    ...rowsOf('signature', signatureLines(description)),
  ] as const;
  return table(rows.map(([name, text]) => [name, printable(text)]));
}

/** Of a bundle that somebody forgot to compile. */
export const onlyRego =
  'none, and Rego that no server reads: compile it with opa build -t wasm -e envoy/authz/allow';

type Row = readonly [name: string, text: string];

function rowsOf(name: string, lines: readonly string[]): readonly Row[] {
  return lines.map((line, index) => [index === 0 ? name : '', line]);
}

function available(builtins: readonly BuiltinDescription[]): string[] {
  const names = builtins.filter(({ given }) => given === 'always').map(({ name }) => name);
  return names.length === 0 ? [] : [names.join(', ')];
}

function explained(
  builtins: readonly BuiltinDescription[],
  wanted: BuiltinDescription['given'],
): string[] {
  return builtins
    .filter(({ given }) => given === wanted)
    .map(({ name, refusal = '' }) => `${name}: ${refusal}`);
}

function signatureLines({ signature, verification }: BundleDescription): string[] {
  if (signature === undefined) {
    return verification.result === 'bad' ? ['none', verificationText(verification)] : ['none'];
  }
  const { keyId, algorithm, scope } = signature;
  const says = [
    `key ${keyId ?? 'not named'}`,
    algorithm ?? 'no algorithm',
    ...(scope === undefined ? [] : [`for ${scope}`]),
  ];
  return [says.join(', '), verificationText(verification)];
}

function verificationText(verification: Verification): string {
  if (verification.result === 'bad') return `refused: ${verification.why}`;
  return verification.result === 'good' ? 'verified' : 'not verified: no key was given';
}

function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const isLarge = bytes >= 1024 * 1024;
  return isLarge ? `${(bytes / 1024 / 1024).toFixed(1)} MiB` : `${(bytes / 1024).toFixed(1)} KiB`;
}
