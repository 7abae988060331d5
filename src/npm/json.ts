// The data of a message as JSON.

import type { ParsedData } from './types/stream.js';

/** Documented where users see it: `types/stream.d.ts`. */
export function parseJSON<Value>(message: { data: string }, check?: (value: unknown) => Value): ParsedData<Value> {
  try {
    const value: unknown = JSON.parse(message.data);
    return { value: check ? check(value) : (value as Value), error: undefined };
  } catch (error) {
    return { value: undefined, error };
  }
}
