//! What the page, the network and the device tell a source.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::{Interval, Timeout};
use js_sys::{Date, Reflect, global};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Event, EventTarget, PageTransitionEvent, VisibilityState, Window};

use crate::connection::Input;

/// How long (ms) after `beforeunload` a page that is still there is taken to stay: a download, a 204.
const STAYS_AFTER: u32 = 5_000;

/// How often (ms) the clock is looked at, and how far it has to have gone meanwhile for the device to have
/// slept. Timers of hidden pages come up to a minute late.
const TICK: u32 = 10_000;
const SLEPT: f64 = 100_000.0;

/// Listens until it is dropped.
#[derive(Default)]
pub struct Lifecycle {
    listeners: Vec<Listener>,
    clock: Option<Interval>,
}

impl Lifecycle {
    /// Reports what concerns a source.
    pub fn new(pause_when_hidden: bool, wake_up: bool, report: Rc<dyn Fn(Input)>) -> Self {
        let mut lifecycle = Self::default();
        // Workers never see these events; they end with their page.
        lifecycle.observe_page(&report);
        if pause_when_hidden {
            let report = report.clone();
            lifecycle.on_visibility(move |hidden| {
                report(if hidden { Input::Hide } else { Input::Show });
            });
        }
        if wake_up {
            lifecycle.observe_network(&report);
            lifecycle.clock = Some(observe_sleep(report.clone()));
            lifecycle.on_visibility(move |hidden| {
                if !hidden {
                    report(Input::Wake);
                }
            });
        }
        lifecycle
    }

    /// Calls `abort` when the signal is aborted, whoever says so.
    pub fn observe_signal(&mut self, signal: &AbortSignal, abort: impl Fn() + 'static) {
        self.listeners
            .push(Listener::new(signal, "abort", move |_| abort()));
    }

    fn observe_page(&mut self, report: &Rc<dyn Fn(Input)>) {
        let staying: Rc<RefCell<Option<Timeout>>> = Rc::default();
        self.on("beforeunload", {
            let (report, staying) = (report.clone(), staying.clone());
            move |_| {
                report(Input::BeforeLeave);
                let report = report.clone();
                let stay = Timeout::new(STAYS_AFTER, move || report(Input::Stay));
                drop(staying.replace(Some(stay)));
            }
        });
        self.on("pagehide", {
            let report = report.clone();
            move |_| {
                drop(staying.take());
                report(Input::Leave);
            }
        });
        let report = report.clone();
        self.on("pageshow", move |event| {
            if event.unchecked_into::<PageTransitionEvent>().persisted() {
                report(Input::Return);
            }
        });
    }

    fn observe_network(&mut self, report: &Rc<dyn Fn(Input)>) {
        for (event_type, input) in [("online", Input::Online), ("offline", Input::Offline)] {
            let report = report.clone();
            self.on(event_type, move |_| report(input));
        }
    }

    fn on_visibility(&mut self, changed: impl Fn(bool) + 'static) {
        if let Some(document) = window().and_then(|window| window.document()) {
            let listener = Listener::new(&document, "visibilitychange", move |event| {
                if event.is_trusted() {
                    changed(is_hidden());
                }
            });
            self.listeners.push(listener);
        }
    }

    /// Listens to the browser's own events of this type; scripts may dispatch others.
    fn on(&mut self, event_type: &'static str, listener: impl Fn(Event) + 'static) {
        if let Some(target) = global().dyn_ref::<EventTarget>() {
            let listener = Listener::new(target, event_type, move |event| {
                if event.is_trusted() {
                    listener(event);
                }
            });
            self.listeners.push(listener);
        }
    }
}

/// A clock that has gone far between two ticks.
fn observe_sleep(report: Rc<dyn Fn(Input)>) -> Interval {
    let last_tick = Cell::new(Date::now());
    Interval::new(TICK, move || {
        let now = Date::now();
        if now - last_tick.replace(now) > SLEPT {
            report(Input::Stale);
            report(Input::Wake);
        }
    })
}

/// Whether the page is hidden; a worker never is.
pub fn is_hidden() -> bool {
    window()
        .and_then(|window| window.document())
        .is_some_and(|document| document.visibility_state() == VisibilityState::Hidden)
}

/// Whether there is surely no network.
pub fn is_offline() -> bool {
    let navigator = Reflect::get(&global(), &"navigator".into());
    navigator.is_ok_and(|navigator| {
        Reflect::get(&navigator, &"onLine".into()).is_ok_and(|online| online == JsValue::FALSE)
    })
}

fn window() -> Option<Window> {
    global().dyn_into().ok()
}

/// Listens to one type of event until it is dropped.
struct Listener {
    target: EventTarget,
    event_type: &'static str,
    closure: Closure<dyn Fn(Event)>,
}

impl Listener {
    fn new(
        target: &EventTarget,
        event_type: &'static str,
        listener: impl Fn(Event) + 'static,
    ) -> Self {
        let closure = Closure::<dyn Fn(Event)>::new(listener);
        // It fails only where the page has replaced it.
        let _ =
            target.add_event_listener_with_callback(event_type, closure.as_ref().unchecked_ref());
        Self {
            target: target.clone(),
            event_type,
            closure,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(
            self.event_type,
            self.closure.as_ref().unchecked_ref(),
        );
    }
}
