// The module, carried in this file as text.

import text from '../../pkg/module.js';
import { compileNothing, type ModuleSource } from './engine.js';

// As in `scripts/encoding.mjs`.
const FIRST = 40;
const PLANE = 84;

export const inlined: ModuleSource = {
  assertAllowed: compileNothing,

  getModule() {
    const bytes = decode(text);
    try {
      return new WebAssembly.Module(bytes);
    } catch {
      // Chrome up to 114 compiles no more than 4 KB at once in a window.
      return WebAssembly.compile(bytes);
    }
  },
};

/** Bytes below `PLANE` are one character; before others stands one that says how often to add `PLANE`. */
function decode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let plane = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // A backslash would have to be escaped; an exclamation mark stands for it.
    const value = (code === 33 ? 92 : code) - FIRST;
    if (value < PLANE) {
      bytes[length++] = plane + value;
      plane = 0;
    } else {
      plane = (value - PLANE + 1) * PLANE;
    }
  }
  return bytes.subarray(0, length);
}
