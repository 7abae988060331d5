// When the next event may be dispatched.

/** How long (ms) dispatching may keep the thread before timers, input and rendering get a turn. */
const LONGEST_TURN = 8;

/** The same, should a stream only seem to have been waited for: one that the page makes may never wait. */
const LONGEST_BLOCK = 40;

/** So many events share a look at the clock, which costs a part of each, while it takes them no millisecond. */
const QUICK_EVENTS = 4;

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
  /** For how many events the clock is not read. */
  #unread = 0;

  /**
   * A chunk has come. Where it had to be waited for, other tasks had their turns meanwhile: surely where it is the
   * network's, most likely where the page makes the stream.
   */
  begin(hasWaited: boolean, isNetworks: boolean): void {
    const now = Date.now();
    if (hasWaited) this.#start = now;
    if ((hasWaited && isNetworks) || now - this.#last > LONGEST_TURN) this.#given = now;
  }

  /** Whether it is time to `end`. */
  isOver(): boolean {
    if (this.#unread-- > 0) return false;
    const now = Date.now();
    this.#unread = now === this.#last ? QUICK_EVENTS - 1 : 0;
    this.#last = now;
    return now - this.#start >= LONGEST_TURN || now - this.#given >= LONGEST_BLOCK;
  }

  /** Gives way to other tasks. */
  async end(): Promise<void> {
    await nextTask();
    this.#start = this.#given = Date.now();
  }
}
