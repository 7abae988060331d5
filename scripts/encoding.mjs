// Writes bytes as text that is at home in any JavaScript file and compresses nearly as well as the
// bytes themselves: most bytes of WebAssembly are small, and each of them is one ASCII character.
// (Base64 moves bytes across the borders of characters, and is a third larger when compressed.)

// As in `src/npm/inlined.ts`, which decodes.
const FIRST = 40;
const PLANE = 84;

const character = (value) => String.fromCharCode(FIRST + value).replace('\\', '!');

/** @param {Uint8Array} bytes */
export function encode(bytes) {
  let text = '';
  for (const byte of bytes) {
    const plane = Math.floor(byte / PLANE);
    if (plane > 0) text += character(PLANE + plane - 1);
    text += character(byte % PLANE);
  }
  return text;
}
