//! A naive parser to compare with: the standard's text, step by step, on the whole stream at once; and what
//! else the stream says.

use super::{Event, Item, Outcome};

/// What a stream comes to, on a connection that starts with this last event ID.
pub fn naive(stream: &[u8], last_event_id: &str) -> Outcome {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.pop();

    let mut outcome = Outcome {
        last_event_id: last_event_id.into(),
        ..Outcome::default()
    };
    let (mut data, mut kind, mut id) = (String::new(), String::new(), last_event_id.to_owned());
    for line in lines {
        if line.is_empty() {
            if outcome.last_event_id != id {
                outcome.last_event_id.clone_from(&id);
                outcome.items.push(Item::Id(id.clone()));
            }
            if !data.is_empty() {
                data.pop();
                let event = Event {
                    kind: if kind.is_empty() {
                        "message".into()
                    } else {
                        kind
                    },
                    data,
                    last_event_id: id.clone(),
                };
                outcome.events.push(event.clone());
                outcome.items.push(Item::Event(event));
            }
            (data, kind) = (String::new(), String::new());
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => outcome.items.push(Item::Comment(value.into())),
            "data" => data = data + value + "\n",
            "event" => kind = value.into(),
            "id" if !value.contains('\0') => id = value.into(),
            "retry"
                if !value.is_empty()
                    && value.chars().all(|character| character.is_ascii_digit()) =>
            {
                outcome.reconnection_time = Some(value.parse().unwrap_or(u64::MAX));
                outcome.items.push(Item::Retry(value.into()));
            }
            _ => {}
        }
    }
    outcome
}
