// For a classic script: everything that `eventsource-wasm` exports, as members of one global.

import { EventSource, EventSourceDecoderStream, EventSourceError, events, init, parseJSON } from './index.js';

// Listed, because a bundler would make getters of the members of a namespace.
const eventsourceWasm = { EventSource, EventSourceDecoderStream, EventSourceError, events, init, parseJSON };

Object.assign(globalThis, { eventsourceWasm });
