//! The example of README.md: an event stream in a Rust application. It is compiled by the tests.
#![cfg(target_arch = "wasm32")]

use eventsource_wasm::{Event, EventSource, Retry};
use futures_util::StreamExt;
use wasm_bindgen::JsError;
use web_sys::console;

pub async fn listen() -> Result<(), JsError> {
    let mut source = EventSource::builder("/events")
        .headers([("Authorization", "Bearer 123")])
        .retry(Retry {
            attempts: 10,
            ..Retry::default()
        })
        .idle_timeout(45_000)
        .open()?;
    while let Some(event) = source.next().await {
        match event? {
            Event::Message(message) => console::log_1(&message.data.into()),
            Event::Reconnecting(loss) => console::warn_1(&loss.error.to_string().into()),
            _ => {}
        }
    }
    Ok(())
}
