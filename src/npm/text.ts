// UTF-8, with one decoder and one encoder for all sources.

let decoder: TextDecoder | undefined;
let encoder: TextEncoder | undefined;

/** [spec] "UTF-8 decode", but for the byte order mark: the parser has taken the one at the start of the stream. */
export function decodeUTF8(bytes: Uint8Array): string {
  decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
  return decoder.decode(bytes);
}

export function encodeUTF8(text: string): Uint8Array {
  encoder ??= new TextEncoder();
  return encoder.encode(text);
}
