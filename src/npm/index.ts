// `import … from 'eventsource-wasm'`: the wasm is inside.

import { assertAllowed, loadEngine, setModuleSource } from './engine.js';
import { inlined } from './inlined.js';

export { EventSource } from './EventSource.js';

setModuleSource(inlined);

export async function init(): Promise<void> {
  try {
    assertAllowed();
  } catch {
    // Sources will do without WebAssembly, and say so.
    return;
  }
  await loadEngine();
}
