// The sources that are not closed: what keeps them alive, and what tells them of the page's own life.

/** A source, as far as the life of the page concerns it. */
export interface Retained {
  /** The page is being left. */
  leave(): void;
  /** The page has come back from the back/forward cache. */
  comeBack(): void;
}

// [spec] A source with a connection must not be garbage collected, though no variable holds it.
const retained = new Set<Retained>();
let listening = false;

/** Keeps a source alive, and tells it of the life of the page, until it is released. */
export function retain(source: Retained): void {
  retained.add(source);
  if (listening) return;
  listening = true;
  // Workers never see these events; they end with their page.
  globalThis.addEventListener?.('pagehide', () => {
    for (const source of retained) source.leave();
  });
  globalThis.addEventListener?.('pageshow', (event) => {
    if ((event as PageTransitionEvent).persisted) for (const source of retained) source.comeBack();
  });
}

export function release(source: Retained): void {
  retained.delete(source);
}
