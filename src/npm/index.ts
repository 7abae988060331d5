// `import … from 'eventsource-wasm'`: the wasm is inside.

import { setModuleSource } from './engine.js';
import { compileInlined } from './inlined.js';

export { EventSource } from './EventSource.js';
export { initEngine as init } from './engine.js';
export { EventSourceError } from './failure.js';
export { parseJSON } from './json.js';
export { EventSourceDecoderStream, events } from './stream.js';

setModuleSource(compileInlined);
