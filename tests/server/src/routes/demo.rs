//! Streams as applications have them: a clock, notifications, who is there, text of several lines.

use std::time::SystemTime;

use async_stream::stream;
use axum::response::IntoResponse;
use axum::response::sse::Event;
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::events;
use super::schedule::{first_after, unix_ms, until};
use crate::params::{BadRequest, LastEventId, MAX_MS, Params};

const NOTIFICATIONS: [&str; 12] = [
    "Deployment of “shop” to production finished",
    "Maria commented on “Spring catalogue”",
    "New order: 3 × notebook, dotted",
    "Backup of “customers” completed",
    "Jonas invited you to “Roadmap”",
    "The build of “website” is green again",
    "Parcel 7731 has left the warehouse",
    "Aiko shared “Budget 2026” with you",
    "The certificate of “api” was renewed",
    "Invoice 2024 was paid",
    "Tom reacted to your message with a rocket",
    "Disk space on “archive” is back to normal",
];

const NAMES: [&str; 12] = [
    "Ada",
    "Blaise",
    "Charles",
    "Dorothy",
    "Edsger",
    "Frances",
    "Grace",
    "Hedy",
    "Ida",
    "John",
    "Katherine",
    "Linus",
];

/// Whether somebody comes (or else the one who was there longest goes), over and over.
const COMES: [bool; 6] = [true, true, false, true, false, false];

/// Who is there at the start.
const MEMBERS: u64 = 4;

const TEXTS: [&str; 7] = [
    "first line\nsecond line",
    "before an empty line\n\nafter an empty line",
    "  two spaces first\n one space first\nno space first",
    "\nstarts with an empty line",
    "ends with an empty line\n",
    "\n",
    ": not a comment\nid: not an id\nretry: 1",
];

/// `/events/clock?interval=1000`: the time in RFC 3339 with ms, at once and then regularly.
///
/// - `interval`: ms, 1 to 600,000, default 1,000
pub async fn clock(params: Params) -> Result<impl IntoResponse, BadRequest> {
    let mut ticks = tokio::time::interval(params.millis("interval", 1_000, 1..=MAX_MS)?);
    Ok(events(stream! {
        loop {
            ticks.tick().await;
            let now = humantime::format_rfc3339_millis(SystemTime::now());
            yield Event::default().data(now.to_string());
        }
    }))
}

/// `/events/notifications?interval=1000`: notification n is due n intervals after 1970, so nothing
/// has to be remembered for `Last-Event-ID` to work, not even across a restart. Its id is n, its
/// data JSON: `{"number":n,"text":"…"}`.
///
/// With `Last-Event-ID: n` the stream starts with all notifications after n that are due (at most
/// the 1,000 newest), without it with the newest one.
///
/// - `interval`: ms, 1 to 600,000, default 1,000
pub async fn notifications(
    params: Params,
    LastEventId(last): LastEventId,
) -> Result<impl IntoResponse, BadRequest> {
    let interval = params.number("interval", 1_000, 1..=MAX_MS)?;
    let newest = unix_ms() / interval;
    let mut number = match last {
        Some(last) => first_after(last, newest),
        None => newest,
    };
    Ok(events(stream! {
        loop {
            until(number * interval).await;
            let text = NOTIFICATIONS[(number % NOTIFICATIONS.len() as u64) as usize];
            let data = json!({ "number": number, "text": text });
            yield Event::default().id(number.to_string()).data(data.to_string());
            number += 1;
        }
    }))
}

/// `/events/users?interval=1500`: who is there. One `add` event for each member, then `add` and
/// `remove` as they come and go, always in the same order. Data is JSON: `{"id":1,"name":"Ada"}`,
/// a person always has the same id. The event's id is the number of changes so far.
///
/// With `Last-Event-ID: n` a `reset` event comes first, then the members after n changes.
///
/// - `interval`: ms, 1 to 600,000, default 1,500
pub async fn users(
    params: Params,
    LastEventId(last): LastEventId,
) -> Result<impl IntoResponse, BadRequest> {
    let interval = params.millis("interval", 1_500, 1..=MAX_MS)?;
    let mut change = last.unwrap_or(0);
    Ok(events(stream! {
        let (mut came, mut gone) = came_and_gone(change);
        if last.is_some() {
            yield Event::default().event("reset").id(change.to_string()).data("reset");
        }
        for number in gone..came {
            yield user("add", number, change);
        }
        loop {
            tokio::time::sleep(interval).await;
            change += 1;
            let before = (came, gone);
            (came, gone) = came_and_gone(change);
            yield if came > before.0 {
                user("add", before.0, change)
            } else {
                user("remove", before.1, change)
            };
        }
    }))
}

/// How many have come and gone after a number of changes; those in between are there.
fn came_and_gone(changes: u64) -> (u64, u64) {
    let length = COMES.len() as u64;
    let (rounds, rest) = (changes / length, changes % length);
    let comes = |steps: u64| {
        COMES
            .iter()
            .take(steps as usize)
            .filter(|comes| **comes)
            .count() as u64
    };
    let came = rounds * comes(length) + comes(rest);
    (MEMBERS + came, changes - came)
}

fn user(event: &str, number: u64, change: u64) -> Event {
    let index = (number % NAMES.len() as u64) as usize;
    let data = json!({ "id": index + 1, "name": NAMES[index] });
    Event::default()
        .event(event)
        .id(change.to_string())
        .data(data.to_string())
}

/// `/events/multiline`: data with several lines, empty lines and lines that start with spaces or
/// like fields, with the ids 1 to 7; then nothing more.
pub async fn multiline() -> impl IntoResponse {
    let texts = TEXTS
        .iter()
        .zip(1..)
        .map(|(text, id)| Event::default().id(id.to_string()).data(text));
    events(stream::iter(texts).chain(stream::pending()))
}

#[cfg(test)]
mod tests {
    use super::{COMES, MEMBERS, NAMES, came_and_gone};

    #[test]
    fn each_change_of_users_is_one_person_and_nobody_is_there_twice() {
        let mut before = came_and_gone(0);
        assert_eq!(before, (MEMBERS, 0));
        for changes in 1..100 {
            let (came, gone) = came_and_gone(changes);
            let comes = COMES[(changes as usize - 1) % COMES.len()];
            assert_eq!(
                (came, gone),
                (before.0 + u64::from(comes), before.1 + u64::from(!comes))
            );
            assert!((1..=NAMES.len() as u64).contains(&(came - gone)));
            before = (came, gone);
        }
    }
}
