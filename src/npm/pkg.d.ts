// What scripts/build.mjs makes of wasm-bindgen's output.

declare module '*/glue.js' {
  import type { Connection, isEventStream, Parser } from '../../pkg/eventsource_wasm.js';

  export interface Glue {
    Connection: typeof Connection;
    Parser: typeof Parser;
    isEventStream: typeof isEventStream;
    /** All of the memory. Once it has grown, the view is empty, and another one is given. */
    getBytes(): Uint8Array<ArrayBuffer>;
    imports: WebAssembly.Imports;
    finish(instance: WebAssembly.Instance, module: WebAssembly.Module): void;
  }

  /** JavaScript's side of one instance of the module; nothing of it runs before this call. */
  export function createGlue(): Glue;
}

declare module '*/module.js' {
  /** The module's bytes in hexadecimals. */
  const text: string;
  export default text;
}

declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}
