// The events that sources dispatch.

/** Kept, because the page may define a class of that name. */
const NativeEvent = Event;

/** Every message event has the same, empty, list of ports. */
const NO_PORTS: readonly MessagePort[] = Object.freeze([]);

interface Message {
  data: unknown;
  lastEventId: string;
}

/** An event that can be dispatched again with another message for as long as nobody has looked at it. */
export class ReusableEvent implements Message {
  readonly event: Event;
  isSeen = false;
  #message: Message | undefined;

  constructor(type: string, origin: string) {
    this.event = new LightMessageEvent(type, this, origin);
  }

  with(message: Message): Event {
    this.#message = message;
    return this.event;
  }

  get data(): unknown {
    return this.#look().data;
  }

  get lastEventId(): string {
    return this.#look().lastEventId;
  }

  #look(): Message {
    this.isSeen = true;
    return this.#message as Message;
  }
}

/**
 * A `MessageEvent` to everyone who looks at it (`instanceof`, `constructor`, `toString`, dispatch), but
 * for the browser's own getters, with members of its own. The browser's constructor would spend three
 * times as long on the same event, most of it on `origin`.
 */
class LightMessageEvent extends Event {
  #message: Message;
  #origin: string;

  constructor(type: string, message: Message, origin: string) {
    super(type);
    this.#message = message;
    this.#origin = origin;
  }

  get data(): unknown {
    return this.#message.data;
  }

  get origin(): string {
    return this.#origin;
  }

  get lastEventId(): string {
    return this.#message.lastEventId;
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
    this.#message = { data, lastEventId: `${lastEventId}` };
    this.#origin = `${origin}`;
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
export function createMessageEvent(type: string, message: Message, origin: string): Event {
  return new LightMessageEvent(type, message, origin);
}

/** An event without any data: `open` or `error`. [ours] It has details as members of its own. */
export function createEvent(type: string, details?: object): Event {
  return Object.assign(new NativeEvent(type), details);
}
