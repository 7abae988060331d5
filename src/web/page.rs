//! What the shell asks of the class that pages see (`src/npm/EventSource.ts`).

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const PAGE: &str = r#"
/** What the engine asks of the object around it. Every call may run the page's code, but for `suspend`. */
export interface Page {
  /** The connection is open: readyState OPEN, event `open`. `origin` is that of the final URL. */
  announce(origin: string): void;
  /** The connection is being reestablished: readyState CONNECTING, event `error`. */
  reestablish(): void;
  /** The connection has failed for good: readyState CLOSED, event `error`. */
  fail(cause: FailureCause, detail: string): void;
  /** The page is being left: readyState CONNECTING, no event. */
  suspend(): void;
  /**
   * Dispatches the events of one batch, as `Batch` in `src/parser.rs` describes it. The arrays are
   * views of wasm memory and valid until the call returns; the promise says when all is dispatched.
   * Throws where a string would be too long for the browser.
   */
  dispatch(data: Uint8Array, types: Uint8Array, ids: Uint8Array, changes: Uint8Array): Promise<void>;
}

/** Why a connection failed for good; the detail is a status, a Content-Type or empty. */
export type FailureCause = 'status' | 'content-type' | 'cors' | 'scheme' | 'credentials' | 'limit';
"#;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "Page")]
    pub type Page;

    #[wasm_bindgen(method, catch)]
    pub fn announce(this: &Page, origin: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub fn reestablish(this: &Page) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    pub fn fail(this: &Page, cause: &str, detail: &str) -> Result<(), JsValue>;

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
}

/// What the page throws into our calls (it may have replaced anything that they use) is reported, and
/// goes no further: it would end the tasks of other sources, too.
pub fn report<T>(result: Result<T, JsValue>) {
    if let Err(exception) = result {
        // Where there is no such function, there is no way to report.
        let _ = report_error(&exception);
    }
}
