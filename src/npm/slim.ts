// `import … from 'eventsource-wasm/slim'`: the wasm is a file of its own.

import { assertAllowed, compileNothing, loadEngine, setModuleSource } from './engine.js';

export { EventSource } from './EventSource.js';

type Module = WebAssembly.Module;
type Input = string | URL | Response | Module | BufferSource;

/** How long (ms) sources wait for `init` before the developer is reminded of it. */
const REMINDS_AFTER = 3_000;

let module: Module | Promise<Module> | undefined;
/** Set while sources wait for `init`. */
let provide: ((module: Promise<Module>) => void) | undefined;

setModuleSource({
  assertAllowed: compileNothing,

  getModule() {
    module ??= new Promise((resolve) => {
      provide = resolve;
      setTimeout(() => {
        if (provide) console.warn('eventsource-wasm/slim: sources are waiting for init(), which has not been called.');
      }, REMINDS_AFTER);
    });
    return module;
  },
});

export async function init(input: Input | Promise<Input>): Promise<void> {
  try {
    assertAllowed();
  } catch {
    // Sources will do without WebAssembly, and say so.
    return;
  }
  try {
    if (provide) {
      provide(compile(input));
      provide = undefined;
    }
    module ??= input instanceof WebAssembly.Module ? input : compile(input);
    await loadEngine();
  } catch (error) {
    module = undefined;
    throw error;
  }
}

async function compile(input: Input | Promise<Input>): Promise<Module> {
  const given = await input;
  if (given instanceof WebAssembly.Module) return given;
  if (typeof given !== 'string' && !(given instanceof URL) && !(given instanceof Response)) {
    return WebAssembly.compile(given);
  }
  const response = given instanceof Response ? given : await fetch(given);
  if (!response.ok) throw new Error(`${response.url} was answered with status ${response.status}`);
  // Only this type is compiled while it arrives.
  return /^application\/wasm\s*$/i.test(response.headers.get('Content-Type') ?? '')
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
