// What `import … from 'eventsource-wasm'` gives.

export { EventSource } from './EventSource.js';
