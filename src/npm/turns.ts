// When the next event may be dispatched.

/** How long (ms) dispatching may keep the thread before timers, input and rendering get a turn. */
const LONGEST_TURN = 8;

/** The same, should a stream only seem to have been waited for: one that the page makes may never wait. */
const LONGEST_BLOCK = 40;

/** Node's way: unlike a message port, it does not keep a process alive. */
const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };

let channel: MessageChannel | undefined;
const waiting: (() => void)[] = [];

/**
 * How many promise reactions, each set off by the one before, run before the next event: `await SETTLED` so often.
 *
 * [spec] Each event is dispatched in a task of its own, so that `await` in a listener goes on before
 * the next event. A script can't run a task's microtask checkpoint, so we step back in the queue of
 * microtasks instead, further than chains of promises usually reach.
 */
export const REACTIONS = 8;
export const SETTLED = Promise.resolve();

/** Gives way to other tasks. A message, unlike a timer, is not throttled in the background. */
function nextTask(): Promise<void> {
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

/** Measures how long a stream has kept the thread, over as many chunks as it takes. */
export class Turn {
  #start = 0;
  /** When other tasks surely had a turn. */
  #given = 0;
  #last = 0;

  /**
   * A chunk has come. Where it had to be waited for, other tasks had their turns meanwhile: surely where it came
   * from the network, most likely where the page makes the stream.
   */
  begin(hasWaited: boolean, isFromNetwork: boolean): void {
    const now = Date.now();
    if (hasWaited) this.#start = now;
    if ((hasWaited && isFromNetwork) || now - this.#last > LONGEST_TURN) this.#given = now;
  }

  /** Whether it is time to `end`. */
  isOver(): boolean {
    const now = Date.now();
    this.#last = now;
    return now - this.#start >= LONGEST_TURN || now - this.#given >= LONGEST_BLOCK;
  }

  /** Gives way to other tasks. */
  async end(): Promise<void> {
    await nextTask();
    this.#start = this.#given = Date.now();
  }
}
