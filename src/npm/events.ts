// The events that sources dispatch.

/** Kept, because the page may define a class of that name. */
const NativeEvent = Event;

/** Every message event has the same, empty, list of ports. */
const NO_PORTS: readonly MessagePort[] = Object.freeze([]);

/**
 * A `MessageEvent` to everyone who looks at it (`instanceof`, `constructor`, `toString`, dispatch), but
 * for the browser's own getters, with members of its own. The browser's constructor would spend three
 * times as long on the same event, most of it on `origin`.
 */
class LightMessageEvent extends Event {
  #data: unknown;
  #origin: string;
  #lastEventId: string;

  constructor(type: string, data: string, origin: string, lastEventId: string) {
    super(type);
    this.#data = data;
    this.#origin = origin;
    this.#lastEventId = lastEventId;
  }

  get data(): unknown {
    return this.#data;
  }

  get origin(): string {
    return this.#origin;
  }

  get lastEventId(): string {
    return this.#lastEventId;
  }

  get source(): null {
    return null;
  }

  get ports(): readonly MessagePort[] {
    return NO_PORTS;
  }

  /** Chromium's own member; the inherited getter would throw. */
  get userActivation(): null {
    return null;
  }

  initMessageEvent(
    type: string,
    bubbles = false,
    cancelable = false,
    data: unknown = null,
    origin = '',
    lastEventId = '',
  ): void {
    // [spec] No effect while the event is being dispatched.
    if (this.eventPhase !== NativeEvent.NONE) return;
    this.initEvent(type, bubbles, cancelable);
    this.#data = data;
    this.#origin = `${origin}`;
    this.#lastEventId = `${lastEventId}`;
  }
}

const { prototype } = LightMessageEvent as { prototype: object };
for (const name of ['data', 'origin', 'lastEventId', 'source', 'ports', 'initMessageEvent']) {
  Object.defineProperty(prototype, name, { enumerable: true });
}
Reflect.deleteProperty(prototype, 'constructor');
// Some edge runtimes have none, or one that only throws.
const native = (globalThis as Partial<typeof globalThis>).MessageEvent?.prototype;
if (native instanceof Event) Object.setPrototypeOf(prototype, native);
if (!('userActivation' in Object.getPrototypeOf(prototype))) Reflect.deleteProperty(prototype, 'userActivation');

/** A message event as the standard dispatches it: neither bubbling nor cancelable. */
export function createMessageEvent(type: string, data: string, origin: string, lastEventId: string): Event {
  return new LightMessageEvent(type, data, origin, lastEventId);
}

/** An event without any data: `open`, or an `error` that the standard tells nothing of. */
export function createEvent(type: string): Event {
  return new NativeEvent(type);
}
