// Tells the sources that are not closed of the life of their page.

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
}

/** How long (ms) after `beforeunload` a page that is still there is taken to stay: a download, a 204. */
const STAYS_AFTER = 5_000;

const observers = new Set<PageObserver>();
let listening = false;

/** Tells a source of the life of the page until `unobserve`. */
export function observe(source: PageObserver): void {
  observers.add(source);
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
}

export function unobserve(source: PageObserver): void {
  observers.delete(source);
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
