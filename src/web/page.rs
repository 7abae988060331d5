//! What the shell asks of the class that pages see (`src/npm/EventSource.ts`).

use js_sys::{JsString, Promise};
use wasm_bindgen::prelude::*;
use web_sys::ReadableStream;

#[wasm_bindgen(typescript_custom_section)]
const PAGE: &str = r#"
/**
 * What the engine asks of the object around it. Every call may run the page's code, but for `suspend`.
 * Arrays of bytes are views of wasm memory, and valid until the call returns.
 */
export interface Page {
  /** Requests the stream. `lastEventId` is the last event ID string: UTF-8, possibly invalid. */
  request(lastEventId: Uint8Array): Promise<Response>;
  /** Requests the stream's URL in mode `no-cors`, to see whether the server answers at all. */
  probe(): Promise<Response>;
  /** Aborts the request that was made last, and with it the body of its response. */
  abort(): void;
  /** The connection is open: readyState OPEN, event `open`. */
  announce(): void;
  /** The connection is being reestablished: readyState CONNECTING, event `error`. */
  reestablish(): void;
  /** The connection has failed for good: readyState CLOSED, event `error`. */
  fail(failure: Failure): void;
  /** The page is being left: readyState CONNECTING, no event. */
  suspend(): void;
  /**
   * Dispatches the events of one batch, as `Batch` in `src/parser.rs` describes it; the promise says
   * when all is dispatched. Throws where a string would be too long for the browser.
   */
  dispatch(data: Uint8Array, types: Uint8Array, ids: Uint8Array, changes: Uint8Array): Promise<void>;
}

/** `Failure` of `src/connection/mod.rs`: status, content type, CORS, limit. */
export type Failure = 0 | 1 | 2 | 3;
"#;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "Page")]
    pub type Page;

    #[wasm_bindgen(method, catch)]
    pub fn request(this: &Page, last_event_id: &[u8]) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub fn probe(this: &Page) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    pub fn abort(this: &Page) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub fn announce(this: &Page) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub fn reestablish(this: &Page) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub fn fail(this: &Page, failure: u8) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub fn suspend(this: &Page) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub fn dispatch(
        this: &Page,
        data: &[u8],
        types: &[u8],
        ids: &[u8],
        changes: &[u8],
    ) -> Result<Promise, JsValue>;

    /// Reports an exception as an uncaught one.
    #[wasm_bindgen(js_name = reportError, catch)]
    fn report_error(exception: &JsValue) -> Result<(), JsValue>;

    /// A response as the page hands it over: a replaced `fetch` may give anything. Unlike web-sys,
    /// nothing is turned into a Rust string: that would take a UTF-8 encoder into the bundle.
    pub type Response;

    #[wasm_bindgen(method, getter, catch)]
    pub fn status(this: &Response) -> Result<u16, JsValue>;

    #[wasm_bindgen(method, getter, catch)]
    pub fn headers(this: &Response) -> Result<Headers, JsValue>;

    #[wasm_bindgen(method, getter, catch)]
    pub fn body(this: &Response) -> Result<Option<ReadableStream>, JsValue>;

    pub type Headers;

    #[wasm_bindgen(method, catch)]
    pub fn get(this: &Headers, name: &str) -> Result<Option<JsString>, JsValue>;
}

/// What the page throws into our calls (it may have replaced anything that they use) is reported, and
/// goes no further: it would end the tasks of other sources, too.
pub fn report<T>(result: Result<T, JsValue>) {
    if let Err(exception) = result {
        // Where there is no such function, there is no way to report.
        let _ = report_error(&exception);
    }
}
