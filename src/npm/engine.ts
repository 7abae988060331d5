// Loads the engine: the compiled Rust, carried in this file as text.

import initialize, { Source } from '../../pkg/eventsource_wasm.js';
import bytes from '../../pkg/eventsource_wasm_bg.wasm';

export type Engine = { Source: typeof Source };

let engine: Promise<Engine> | undefined;

/** Compiles the engine at the first call; later calls get the same one. A failed start is tried anew. */
export function loadEngine(): Promise<Engine> {
  engine ??= initialize({ module_or_path: decodeBase64(bytes) }).then(
    () => ({ Source }),
    (error) => {
      engine = undefined;
      throw error;
    },
  );
  return engine;
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
