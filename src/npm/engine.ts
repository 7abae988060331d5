// The engine: the compiled Rust, started at the first use.

import { createGlue, type Glue } from '../../pkg/glue.js';

export type Engine = Pick<Glue, 'Connection' | 'Parser' | 'isEventStream' | 'getBytes'>;

type Module = WebAssembly.Module;

/** How an entry point of the package comes by the module. It throws where WebAssembly is not allowed. */
export type GetModule = () => Module | Promise<Module>;

let getModule: GetModule;
let obstacle: { reason: unknown } | undefined;
let engine: Engine | Promise<Engine> | undefined;

/** To be called by an entry point; nothing is compiled yet. */
export function setModuleSource(source: GetModule): void {
  getModule = source;
}

/** Whether WebAssembly has turned out not to be allowed here. */
export function isForbidden(): boolean {
  return obstacle !== undefined;
}

/**
 * The engine, at once where the module is, else as a promise. A failed start is tried anew.
 *
 * @throws where WebAssembly is not allowed. A policy is asked only once: it may report each attempt.
 */
export function loadEngine(): Engine | Promise<Engine> {
  if (obstacle) throw obstacle.reason;
  if (!engine) {
    let module: Module | Promise<Module>;
    try {
      module = getModule();
    } catch (reason) {
      obstacle = { reason };
      throw reason;
    }
    // Not asked of the promise: the page may have replaced the class.
    engine = module instanceof WebAssembly.Module ? start(module) : startLater(module);
  }
  return engine;
}

/** What `init()` of every entry point does: where WebAssembly is not allowed, sources do without, and say so. */
export async function initEngine(): Promise<void> {
  try {
    await loadEngine();
  } catch (error) {
    if (!isForbidden()) throw error;
  }
}

function start(module: Module): Engine {
  const glue = createGlue();
  glue.finish(new WebAssembly.Instance(module, glue.imports), module);
  return glue;
}

/** Where a module can't be compiled at once, it can't be instantiated at once either. */
async function startLater(module: Promise<Module>): Promise<Engine> {
  try {
    const glue = createGlue();
    glue.finish(await WebAssembly.instantiate(await module, glue.imports), await module);
    engine = glue;
    return glue;
  } catch (error) {
    engine = undefined;
    throw error;
  }
}

/** Compiles the smallest of modules: throws where a Content-Security-Policy or the browser forbids WebAssembly. */
export function compileNothing(): void {
  new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
}
