/** What is used of WebAssembly, whose types come only with the DOM's. */
declare global {
  namespace WebAssembly {
    type Exports = Readonly<Record<string, unknown>>;

    class Module {
      private readonly compiled: true;
      constructor(bytes: Uint8Array<ArrayBuffer>);
    }

    class Instance {
      constructor(module: Module, imports: { readonly env: Readonly<Record<string, unknown>> });
      readonly exports: Exports;
    }

    class Memory {
      constructor(pages: { readonly initial: number; readonly maximum: number });
      /** Another one after each growth; the one before has a length of zero from then on. */
      readonly buffer: ArrayBuffer;
    }

    class Global {
      value: number;
    }
  }
}

export const pageBytes = 64 * 1024;
