import { basename } from 'node:path';
import {
  type SignatureAlgorithm,
  signatureAlgorithms,
  type SigningSettings,
} from '../../domain/bundle-settings.ts';
import { messageOf } from '../../domain/fault-message.ts';
import { readText } from '../../config/yaml/read-file.ts';
import type { CommandOption } from '../command.ts';
import type { Arguments } from '../parse-arguments.ts';
import { UsageError } from '../usage-error.ts';

/** As OPA has it. */
const defaultAlgorithm: SignatureAlgorithm = 'RS256';

export const algorithmOption: CommandOption = {
  name: 'signing-alg',
  value: 'NAME',
  about: `the algorithm of the signature; ${defaultAlgorithm}`,
};

/** With what a bundle's signature is verified. */
export const verificationOptions: readonly CommandOption[] = [
  {
    name: 'verification-key',
    value: 'FILE',
    about: 'verify the signature with this public key (PEM), or HMAC secret',
  },
  algorithmOption,
  { name: 'key-id', value: 'NAME', about: 'what the signature must call its key' },
  { name: 'scope', value: 'TEXT', about: 'what the signature must be for' },
];

/** Undefined: no key is given. @throws {UsageError} */
export function readVerification(given: Arguments): SigningSettings | undefined {
  const key = signatureKeyIn(given, 'verification-key');
  if (key === undefined) return undefined;
  const named = given.text('key-id');
  const scope = given.text('scope');
  const algorithm = algorithmIn(given);
  const keyId = named ?? basename(given.text('verification-key') ?? '');
  const known = { key, algorithm, keyId, ...(scope !== undefined && { scope }) };
  // Without a name, the key is the one to use, whatever the signature calls it.
  return { ...verificationWith(known), ...(named === undefined && { keyId }) };
}

interface SignatureKey {
  readonly key: string;
  readonly algorithm: SignatureAlgorithm;
  readonly keyId: string;
  readonly scope?: string;
}

export function verificationWith({ key, algorithm, keyId, scope }: SignatureKey): SigningSettings {
  return {
    require: 'always',
    keys: new Map([[keyId, { algorithm, key }]]),
    ...(scope !== undefined && { scope }),
    excludeFiles: [],
    allowUnsignedDeltas: false,
  };
}

/** @throws {UsageError} */
export function algorithmIn(given: Arguments): SignatureAlgorithm {
  const { name } = algorithmOption;
  const text = given.text(name) ?? defaultAlgorithm;
  const algorithm = signatureAlgorithms.find((each) => each === text);
  if (algorithm !== undefined) return algorithm;
  throw new UsageError(`--${name} must be one of ${signatureAlgorithms.join(', ')}, not ${text}`);
}

/**
 * The key in the file that an option names; OPA takes a secret as it is in its file, too. What says
 * more of a signature must not be passed over in silence when there is no key.
 * @throws {UsageError}
 */
export function signatureKeyIn(given: Arguments, option: string): string | undefined {
  const file = given.text(option);
  if (file === undefined) {
    const other = ['signing-alg', 'key-id', 'scope'].find((name) => given.text(name) !== undefined);
    if (other === undefined) return undefined;
    throw new UsageError(`--${other} is of a signature: it needs --${option} beside it`);
  }
  try {
    return readText(file);
  } catch (error) {
    const reason = messageOf(error);
    throw new UsageError(`--${option}: ${file} ${reason}`);
  }
}
