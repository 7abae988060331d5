// `import … from 'eventsource-wasm'` on edge runtimes, which compile no bytes but import modules.

import module from '../../pkg/eventsource.wasm';
import { loadEngine, setModuleSource } from './engine.js';

export { EventSource } from './EventSource.js';

setModuleSource({ assertAllowed() {}, getModule: () => module });

export async function init(): Promise<void> {
  await loadEngine();
}
