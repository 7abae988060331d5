//! What the APIs of language models have in common: the body of a request, and a text to answer.

use serde::Deserialize;

use crate::routes::tokens::{self, MAX_PROMPT};

/// The body of a request, of which the rest is ignored.
#[derive(Deserialize)]
pub struct Chat {
    pub model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    pub max_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Content,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "content must be a string or an array of parts")]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

impl Chat {
    /// Reads a body that asks for a stream; an error is a sentence.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let chat: Self = serde_json::from_slice(body).map_err(|error| {
            format!("The body must be JSON with model, messages and stream: {error}.")
        })?;
        if !chat.stream {
            return Err("stream must be true: this server only streams.".into());
        }
        Ok(chat)
    }

    /// The answer, which repeats the last message of the user, in words.
    pub fn answer(&self) -> Result<Vec<String>, String> {
        let mut messages = self.messages.iter().rev();
        let prompt = match messages.find(|message| message.role == "user") {
            None => return Err("messages must have one with the role user.".into()),
            Some(message) => match &message.content {
                Content::Text(text) => text.clone(),
                Content::Parts(parts) => parts.iter().map(|part| part.text.as_str()).collect(),
            },
        };
        if prompt.len() > MAX_PROMPT {
            return Err(format!(
                "The last message must have at most {MAX_PROMPT} bytes."
            ));
        }
        Ok(tokens::words(&format!(
            "You said: “{prompt}”. I am no language model, only a test server, and send word by word."
        )))
    }
}
