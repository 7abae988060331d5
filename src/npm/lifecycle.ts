// Tells the sources that are not closed of the life of their page, and of its network.

/** A source, as far as the life of the page concerns it. */
export interface PageObserver {
  /** The page may be about to be left. */
  beforeLeave(): void;
  /** It was not left after all. */
  stay(): void;
  /** The page is being left. */
  leave(): void;
  /** The page has come back from the back/forward cache. */
  comeBack(): void;
  /** The page is hidden: behind another tab, say. */
  hide(): void;
  /** It is shown again. */
  show(): void;
  /** There is no network. */
  offline(): void;
  /** There is one again. */
  online(): void;
  /** Nothing has run here since then (ms): the device slept, or the browser had frozen the page. */
  awake(asleepSince: number): void;
}

/** How long (ms) after `beforeunload` a page that is still there is taken to stay: a download, a 204. */
const STAYS_AFTER = 5_000;

/** How often (ms) the clock is looked at, and how much later than that it has to be for a sleep. */
const TICK = 10_000;
/** Browsers let timers of hidden pages run once a minute. */
const SLEEP = 90_000;

const observers = new Set<PageObserver>();
let listening = false;
/** The sources that want to know of sleep. */
const sleepers = new Set<PageObserver>();
let ticking: ReturnType<typeof setInterval> | undefined;

/** Tells a source of the life of the page until `unobserve`. */
export function observe(source: PageObserver, wantsSleep: boolean): void {
  observers.add(source);
  if (wantsSleep) {
    sleepers.add(source);
    ticking ??= watchClock();
  }
  if (listening) return;
  listening = true;
  // Workers never see these events; they end with their page.
  let staying: ReturnType<typeof setTimeout> | undefined;
  listen('beforeunload', () => {
    for (const source of observers) source.beforeLeave();
    clearTimeout(staying);
    staying = setTimeout(() => {
      for (const source of observers) source.stay();
    }, STAYS_AFTER);
  });
  listen('pagehide', () => {
    clearTimeout(staying);
    for (const source of observers) source.leave();
  });
  listen('pageshow', ({ persisted }: PageTransitionEvent) => {
    if (persisted) for (const source of observers) source.comeBack();
  });
  // These may be dispatched by scripts: nothing that a script can't do itself follows from them.
  for (const type of ['online', 'offline'] as const) {
    globalThis.addEventListener?.(type, () => {
      for (const source of observers) source[type]();
    });
  }
  globalThis.document?.addEventListener?.('visibilitychange', () => {
    for (const source of observers) isHidden() ? source.hide() : source.show();
  });
}

export function unobserve(source: PageObserver): void {
  observers.delete(source);
  sleepers.delete(source);
  if (sleepers.size > 0) return;
  clearInterval(ticking);
  ticking = undefined;
}

/** Whether the page is not to be seen. Workers are taken to be seen. */
export function isHidden(): boolean {
  return globalThis.document?.visibilityState === 'hidden';
}

/** A timer that fires far too late tells that nothing has run for a while. */
function watchClock(): ReturnType<typeof setInterval> {
  let last = Date.now();
  const timer = setInterval(() => {
    // What came until then came before the sleep.
    const due = last + TICK;
    last = Date.now();
    if (last - due > SLEEP) for (const source of sleepers) source.awake(due);
  }, TICK);
  // In Node.js a timer is an object, which need not keep the process.
  (timer as { unref?(): void }).unref?.();
  return timer;
}

/** Whether any source is not closed. */
export function isAnyObserved(): boolean {
  return observers.size > 0;
}

/** Listens to the browser's own events of this type; scripts may dispatch others. */
function listen<Type extends keyof WindowEventMap>(type: Type, listener: (event: WindowEventMap[Type]) => void): void {
  globalThis.addEventListener?.(type, (event) => {
    if (event.isTrusted) listener(event);
  });
}
