// When the next event may be dispatched.

/** How long (ms) dispatching may keep the thread before timers, input and rendering get a turn. */
const LONGEST_TURN = 8;

/** Node's way: unlike a message port, it does not keep a process alive. */
const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };

let channel: MessageChannel | undefined;
const waiting: (() => void)[] = [];

/** How many reactions, each set off by the one before, run before the next event. */
const REACTIONS = 8;

/**
 * Gives way to the promise reactions that the listeners of an event have set off.
 *
 * [spec] Each event is dispatched in a task of its own, so that `await` in a listener goes on before
 * the next event. A script can't run a task's microtask checkpoint, so we step back in the queue of
 * microtasks instead, further than chains of promises usually reach.
 */
export async function afterReactions(): Promise<void> {
  for (let i = 0; i < REACTIONS; i++) await undefined;
}

/** Gives way to other tasks. A message, unlike a timer, is not throttled in the background. */
export function nextTask(): Promise<void> {
  if (setImmediate) return new Promise((resolve) => setImmediate(resolve));
  // Edge runtimes.
  if (typeof MessageChannel === 'undefined') return new Promise((resolve) => setTimeout(resolve));
  if (!channel) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  const { port2 } = channel;
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(null);
  });
}

/** Measures how long dispatching has kept the thread, over as many chunks as it takes. */
export class Turn {
  #used = 0;
  #start = 0;

  begin(): void {
    this.#start = Date.now();
  }

  /** Whether it is time for `nextTask`; if so, counting starts anew. */
  end(): boolean {
    const now = Date.now();
    this.#used += now - this.#start;
    this.#start = now;
    if (this.#used < LONGEST_TURN) return false;
    this.#used = 0;
    return true;
  }
}
