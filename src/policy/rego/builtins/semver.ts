import { BuiltinError, type BuiltinTable } from '../builtin.ts';
import { compareText } from '../value.ts';
import { stringOperand } from './operands.ts';

/** OPA v1/topdown/semver.go: Semantic Versioning 2.0.0, with a leading `v` allowed. */
export const semverBuiltins: BuiltinTable = {
  'semver.is_valid': (_call, version) =>
    typeof version === 'string' && parseVersion(version) !== undefined,
  'semver.compare': (_call, a, b) => compareVersions(versionOperand(a, 1), versionOperand(b, 2)),
};

interface Version {
  readonly numbers: readonly bigint[];
  readonly preRelease: readonly string[];
}

const number = '(0|[1-9]\\d*)';
const identifiers = '([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)';
const versionPattern = new RegExp(
  `^v?${number}\\.${number}\\.${number}(?:-${identifiers})?(?:\\+${identifiers})?$`,
);
const maxNumber = 2n ** 63n - 1n;

function parseVersion(text: string): Version | undefined {
  const match = versionPattern.exec(text);
  if (match === null) return undefined;
  const numbers = match.slice(1, 4).map(BigInt);
  const preRelease = match[4]?.split('.') ?? [];
  const valid =
    numbers.every((part) => part <= maxNumber) && !preRelease.some((part) => /^0\d+$/.test(part));
  return valid ? { numbers, preRelease } : undefined;
}

function versionOperand(value: Parameters<typeof stringOperand>[0], position: number): Version {
  const text = stringOperand(value, position);
  const version = parseVersion(text);
  if (version !== undefined) return version;
  throw new BuiltinError(`operand ${position}: string ${text} is not a valid SemVer`);
}

function compareVersions(a: Version, b: Version): number {
  for (const [at, part] of a.numbers.entries()) {
    const other = b.numbers[at] ?? 0n;
    if (part !== other) return part < other ? -1 : 1;
  }
  return comparePreReleases(a.preRelease, b.preRelease);
}

/** A version without a pre-release comes after all of its pre-releases. */
function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Math.sign(b.length - a.length);
  for (const [at, part] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const order = compareIdentifiers(part, other);
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

/** Numbers come before text, and in their own order. */
function compareIdentifiers(a: string, b: string): number {
  const [numberA, numberB] = [a, b].map((part) => /^\d+$/.test(part));
  if (numberA !== numberB) return numberA === true ? -1 : 1;
  if (numberA !== true) return Math.sign(compareText(a, b));
  return Math.sign(a.length - b.length || compareText(a, b));
}
