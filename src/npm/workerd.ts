// `import … from 'eventsource-wasm'` on edge runtimes, which compile no bytes but import modules.

import module from '../../pkg/eventsource.wasm';
import { setModuleSource } from './engine.js';

export { EventSource } from './EventSource.js';
export { initEngine as init } from './engine.js';
export { EventSourceError } from './failure.js';
export { parseJSON } from './json.js';
export { EventSourceDecoderStream, events } from './stream.js';

setModuleSource(() => module);
