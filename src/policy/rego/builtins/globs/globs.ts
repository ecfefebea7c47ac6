import type { BuiltinTable } from '../../builtin.ts';
import { stringOperand } from '../operands.ts';

/** OPA v1/topdown/glob.go: what of it the WASM module leaves to its host. */
export const globBuiltins: BuiltinTable = {
  'glob.quote_meta': (_call, text) => stringOperand(text, 1).replace(/[*?\\[\]{}]/g, '\\$&'),
};
