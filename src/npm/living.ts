// The sources that are not closed: what keeps them alive, and what tells them of the page's own life.

/** A source as the life of the page concerns it. */
export interface Living {
  /** The page is being left. */
  leave(): void;
  /** The page has come back from the back/forward cache. */
  comeBack(): void;
}

// [spec] A source with a connection must not be garbage collected, though no variable holds it.
const living = new Set<Living>();
let listening = false;

export function live(source: Living): void {
  living.add(source);
  if (listening) return;
  listening = true;
  // Workers never see these events; they end with their page.
  globalThis.addEventListener?.('pagehide', () => {
    for (const source of living) source.leave();
  });
  globalThis.addEventListener?.('pageshow', (event) => {
    if ((event as PageTransitionEvent).persisted) for (const source of living) source.comeBack();
  });
}

export function die(source: Living): void {
  living.delete(source);
}
