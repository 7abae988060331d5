// `import … from 'eventsource-wasm/slim'`: the wasm is a file of its own.

import { compileNothing, initEngine, setModuleSource } from './engine.js';
import { isAnyObserved } from './lifecycle.js';

export { EventSource } from './EventSource.js';
export { EventSourceError } from './failure.js';
export { parseJSON } from './json.js';
export { EventSourceDecoderStream, events } from './stream.js';

type Module = WebAssembly.Module;
type Input = string | URL | Response | Module | BufferSource;

/** How long (ms) sources wait for `init` before the developer is reminded of it. */
const REMINDS_AFTER = 3_000;

let module: Promise<Module> | undefined;
/** Set while the module is waited for, and `init` has not given it yet. */
let provide: ((module: Promise<Module>) => void) | undefined;

setModuleSource(() => {
  compileNothing();
  module ??= new Promise((resolve) => {
    provide = resolve;
    const remind = () => {
      if (provide && isAnyObserved()) {
        console.warn('eventsource-wasm/slim: sources are waiting for init(), which has not been called.');
      }
    };
    // In Node.js a timer is an object, which need not keep the process.
    (setTimeout(remind, REMINDS_AFTER) as { unref?(): void }).unref?.();
  });
  return module;
});

export async function init(input: Input | Promise<Input>): Promise<void> {
  try {
    // It waits like a source, if WebAssembly is allowed and it has to.
    const ready = initEngine();
    provide?.(compile(input));
    provide = undefined;
    await ready;
  } catch (error) {
    module = undefined;
    throw new Error(
      `eventsource-wasm/slim: init() needs eventsource-wasm/eventsource.wasm of the same version, as a URL, a response, bytes or a compiled module (${error}).`,
      { cause: error },
    );
  }
}

async function compile(input: Input | Promise<Input>): Promise<Module> {
  const given = await input;
  // It may come from another window.
  if (Object.prototype.toString.call(given) === '[object WebAssembly.Module]') return given as Module;
  if (typeof given !== 'string' && !(given instanceof URL) && !(given instanceof Response)) {
    return WebAssembly.compile(given as BufferSource);
  }
  const response = given instanceof Response ? given : await fetch(given);
  if (!response.ok) throw new Error(`${response.url || 'the request'} was answered with status ${response.status}`);
  // Only this type is compiled while it arrives.
  return /^application\/wasm\s*$/i.test(response.headers.get('Content-Type') ?? '')
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
