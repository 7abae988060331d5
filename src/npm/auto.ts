// `import 'eventsource-wasm/auto'`: EventSource, where there is none.

import { EventSource } from './index.js';

if (!('EventSource' in globalThis)) {
  // As the browser's own is defined.
  Object.defineProperty(globalThis, 'EventSource', { value: EventSource, writable: true, configurable: true });
}
