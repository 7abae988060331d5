//! Checks that the routes named after services answer as those do.

use std::time::{Duration, SystemTime};

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::{Outcome, Server, is_reset, read_until};

/// The values of a field, one for each of its lines.
fn values<'a>(stream: &'a str, field: &str) -> Vec<&'a str> {
    let value = |line: &'a str| line.strip_prefix(field)?.strip_prefix(": ");
    stream.lines().filter_map(value).collect()
}

/// The data of each event, which is JSON.
fn data(stream: &str) -> serde_json::Result<Vec<Value>> {
    let data = values(stream, "data").into_iter();
    data.map(serde_json::from_str).collect()
}

/// That many events, each of which has data in one line.
async fn read_events(response: &mut Response, count: usize) -> Outcome<String> {
    let mut text = String::new();
    while text.matches("\ndata: ").count() < count || !text.ends_with("\n\n") {
        let chunk = response.chunk().await?.ok_or("the stream has ended")?;
        text.push_str(str::from_utf8(&chunk)?);
    }
    Ok(text)
}

fn question(text: &str) -> Value {
    let first = json!({ "role": "user", "content": "Hello" });
    let last = json!({ "role": "user", "content": [{ "type": "text", "text": text }] });
    json!({ "model": "m", "stream": true, "max_tokens": 9, "messages": [first, last] })
}

fn openai(server: &Server, query: &str) -> RequestBuilder {
    let path = format!("/events/openai/v1/chat/completions?interval=0&{query}");
    server.request(Method::POST, &path)
}

#[tokio::test]
async fn openai_streams_chunks_that_repeat_the_last_message_and_then_done() -> Outcome {
    let server = Server::any_port()?;
    let request = openai(&server, "").bearer_auth("key");
    let response = request.json(&question("Why so?")).send().await?;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await?;
    let chunks = text.strip_suffix("data: [DONE]\n\n").ok_or("not done")?;
    let chunks = data(chunks)?;
    let deltas: Vec<_> = chunks
        .iter()
        .map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert!(deltas.contains(&Some("“Why ")), "{deltas:?}");
    let (first, last) = (&chunks[0], &chunks[chunks.len() - 1]);
    assert_eq!(first["object"], "chat.completion.chunk");
    assert_eq!(first["model"], "m");
    assert_eq!(first["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(first["choices"][0]["finish_reason"], Value::Null);
    assert_eq!(last["choices"][0]["delta"], json!({}));
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert!(chunks.iter().all(|chunk| chunk["id"] == first["id"]));
    Ok(())
}

#[tokio::test]
async fn openai_limits_the_first_requests_of_a_key_and_says_when_to_try_again() -> Outcome {
    let server = Server::any_port()?;
    for retry_after in ["7", "date"] {
        let query = format!("limited=2&retry-after={retry_after}&key={retry_after}");
        for number in 0..3 {
            let request = openai(&server, &query).bearer_auth("key");
            let response = request.json(&question("x")).send().await?;
            if number == 2 {
                assert_eq!(response.status(), StatusCode::OK);
                continue;
            }
            assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
            let value = response.headers()["retry-after"].to_str()?.to_owned();
            if retry_after == "date" {
                let wait = httpdate::parse_http_date(&value)?.duration_since(SystemTime::now())?;
                assert!(wait <= Duration::from_secs(2), "{wait:?}");
            } else {
                assert_eq!(value, retry_after);
            }
            let error: Value = response.json().await?;
            assert_eq!(error["error"]["code"], "rate_limit_exceeded");
        }
    }
    Ok(())
}

#[tokio::test]
async fn openai_explains_what_was_wrong_with_a_request() -> Outcome {
    let server = Server::any_port()?;
    let response = openai(&server, "").json(&question("x")).send().await?;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let error: Value = response.json().await?;
    assert_eq!(error["error"]["type"], "invalid_request_error");
    assert_eq!(error["error"]["code"], "invalid_api_key");
    for (body, name) in [
        (json!({ "messages": [], "stream": true }), "model"),
        (json!({ "model": "m", "messages": [] }), "stream"),
        (
            json!({ "model": "m", "messages": [], "stream": true }),
            "user",
        ),
        (question(&"x".repeat(2_001)), "2000 bytes"),
    ] {
        let response = openai(&server, "").bearer_auth("key").json(&body);
        let response = response.send().await?;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let error: Value = response.json().await?;
        let message = error["error"]["message"].as_str().ok_or("no message")?;
        assert!(message.contains(name), "{message}");
    }
    Ok(())
}

fn anthropic(server: &Server, query: &str) -> RequestBuilder {
    let path = format!("/events/anthropic/v1/messages?interval=0&{query}");
    let request = server.request(Method::POST, &path);
    request
        .header("x-api-key", "key")
        .json(&question("Why so?"))
}

#[tokio::test]
async fn anthropic_streams_named_events_whose_data_repeats_the_name() -> Outcome {
    let server = Server::any_port()?;
    let request = anthropic(&server, "").header("anthropic-version", "2023-06-01");
    let text = request.send().await?.text().await?;
    let data = data(&text)?;
    let types: Vec<_> = data.iter().map(|data| data["type"].as_str()).collect();
    let names = values(&text, "event");
    assert_eq!(types, names.iter().copied().map(Some).collect::<Vec<_>>());

    let start = [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
    ];
    let end = [
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    assert!(
        names.starts_with(&start) && names.ends_with(&end),
        "{names:?}"
    );
    assert_eq!(data[0]["message"]["model"], "m");
    assert_eq!(
        data[3]["delta"],
        json!({ "type": "text_delta", "text": "You " })
    );
    assert!(text.contains("“Why "));
    Ok(())
}

#[tokio::test]
async fn anthropic_is_overloaded_in_the_middle_if_asked_to() -> Outcome {
    let server = Server::any_port()?;
    let request = anthropic(&server, "overloaded=true").header("anthropic-version", "2023-06-01");
    let text = request.send().await?.text().await?;
    let names = values(&text, "event");
    assert!(
        names.ends_with(&["content_block_delta", "error"]),
        "{names:?}"
    );
    let error = json!({ "type": "overloaded_error", "message": "Overloaded" });
    let error = json!({ "type": "error", "error": error });
    assert_eq!(data(&text)?.pop(), Some(error));
    Ok(())
}

#[tokio::test]
async fn anthropic_explains_what_was_wrong_with_a_request() -> Outcome {
    let server = Server::any_port()?;
    let without_key = server
        .request(Method::POST, "/events/anthropic/v1/messages")
        .header("anthropic-version", "2023-06-01");
    let without_tokens = without_key.try_clone().ok_or("has a stream")?;
    let without_tokens = without_tokens.header("x-api-key", "key");
    let body = json!({ "model": "m", "messages": [], "stream": true });
    for (request, status, error_type, word) in [
        (without_key, 401, "authentication_error", "x-api-key"),
        (
            anthropic(&server, ""),
            400,
            "invalid_request_error",
            "anthropic-version",
        ),
        (
            without_tokens.json(&body),
            400,
            "invalid_request_error",
            "max_tokens",
        ),
    ] {
        let response = request.send().await?;
        assert_eq!(response.status(), status, "{word}");
        let error: Value = response.json().await?;
        assert_eq!(
            [&error["type"], &error["error"]["type"]],
            ["error", error_type]
        );
        let message = error["error"]["message"].as_str().ok_or("no message")?;
        assert!(message.contains(word), "{message}");
    }
    Ok(())
}

fn mcp(server: &Server, query: &str, method: &str, params: Value) -> RequestBuilder {
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    server
        .request(Method::POST, &format!("/events/mcp?interval=10&{query}"))
        .header("accept", "application/json, text/event-stream")
        .json(&message)
}

/// The id of a new session.
async fn initialize(server: &Server, version: &str) -> Outcome<String> {
    let params = json!({ "protocolVersion": version });
    let response = mcp(server, "", "initialize", params).send().await?;
    let session = response.headers()["mcp-session-id"].to_str()?.to_owned();
    let answer: Value = response.json().await?;
    assert_eq!(answer["id"], 1);
    assert_eq!(answer["result"]["protocolVersion"], version);
    Ok(session)
}

fn resume(server: &Server, session: &str, last: &str) -> RequestBuilder {
    server
        .request(Method::GET, "/events/mcp?interval=10")
        .header("accept", "text/event-stream")
        .header("mcp-session-id", session)
        .header("last-event-id", last)
}

#[tokio::test]
async fn mcp_answers_a_call_by_its_progress_and_the_response() -> Outcome {
    let server = Server::any_port()?;
    let session = initialize(&server, "2025-06-18").await?;
    let params = json!({
        "name": "echo",
        "arguments": { "a": 1 },
        "_meta": { "progressToken": "t" },
    });
    let request = mcp(&server, "steps=2", "tools/call", params.clone());
    let response = request.header("mcp-session-id", &session).send().await?;
    let text = response.text().await?;
    assert_eq!(values(&text, "id"), ["1-1", "1-2", "1-3"]);
    let messages = data(&text)?;
    assert_eq!(messages[0]["method"], "notifications/progress");
    let progress = json!({ "progressToken": "t", "progress": 2, "total": 2 });
    assert_eq!(messages[1]["params"], progress);
    assert_eq!(messages[2]["id"], 1);
    let text = messages[2]["result"]["content"][0]["text"].as_str();
    assert_eq!(text, Some("echo was called with {\"a\":1}."));

    // Since 2025-11-25 there is an id to resume from at once, and ids are unique in the session.
    let session = initialize(&server, "2025-11-25").await?;
    for call in 1..3 {
        let request = mcp(&server, "steps=0&retry=5", "tools/call", params.clone());
        let response = request.header("mcp-session-id", &session).send().await?;
        let text = response.text().await?;
        let first =
            format!("retry: 5\nid: {call}-0\ndata: \n\nevent: message\nid: {call}-1\ndata: {{");
        assert!(text.starts_with(&first), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn mcp_streams_that_break_off_can_be_resumed_until_the_response() -> Outcome {
    let server = Server::any_port()?;
    let session = initialize(&server, "2025-06-18").await?;
    let call = |query| {
        let request = mcp(&server, query, "tools/call", json!({ "name": "echo" }));
        request.header("mcp-session-id", &session).send()
    };
    let whole = call("").await?.text().await?;
    let ended = call("cut-after=2").await?.text().await?;
    assert_eq!(values(&ended, "id"), ["2-1", "2-2"]);
    let resumed = resume(&server, &session, "2-2").send().await?;
    let resumed = resumed.text().await?.replace("id: 2-", "id: 1-");
    let (_, from_3) = whole.split_once("id: 1-3\n").ok_or("no third event")?;
    assert_eq!(resumed, format!("event: message\nid: 1-3\n{from_3}"));

    let mut cut = call("cut-after=1&how=cut").await?;
    assert_eq!(values(&read_events(&mut cut, 1).await?, "id"), ["3-1"]);
    let error = cut.chunk().await.err().ok_or("has ended properly")?;
    assert!(is_reset(&error), "{error:?}");
    let resumed = resume(&server, &session, "3-1")
        .send()
        .await?
        .text()
        .await?;
    assert_eq!(values(&resumed, "id"), ["3-2", "3-3", "3-4"]);

    // It may also be resumed from the id before the first message, and after the last one.
    let resumed = resume(&server, &session, "3-0")
        .send()
        .await?
        .text()
        .await?;
    assert_eq!(values(&resumed, "id").len(), 4);
    let resumed = resume(&server, &session, "3-4").send().await?;
    assert_eq!(resumed.text().await?, "");
    Ok(())
}

#[tokio::test]
async fn mcp_needs_the_right_headers_and_an_open_session() -> Outcome {
    let server = Server::any_port()?;
    let session = initialize(&server, "2025-06-18").await?;
    let with = |request: RequestBuilder| request.header("mcp-session-id", &session);
    let get = || server.request(Method::GET, "/events/mcp");
    let post = || server.request(Method::POST, "/events/mcp");
    let ping = || mcp(&server, "", "ping", json!({}));
    let notification = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let accept = "application/json, text/event-stream";
    for (number, (request, status)) in [
        (with(post().header("accept", "text/event-stream")), 406),
        (with(get().header("accept", "application/json")), 406),
        (with(get().header("accept", "text/event-stream")), 405),
        (with(post().header("accept", accept).body("{")), 400),
        (
            with(
                post()
                    .header("accept", accept)
                    .body("{\"jsonrpc\":\"1.0\"}"),
            ),
            400,
        ),
        (
            with(ping().header("mcp-protocol-version", "2020-01-01")),
            400,
        ),
        (resume(&server, &session, "9-1"), 400),
        (resume(&server, "unknown", "1-1"), 404),
        (ping(), 400),
        (ping().header("mcp-session-id", "unknown"), 404),
        (with(ping()), 200),
        (with(mcp(&server, "", "tools/list", json!({}))), 200),
        (
            with(post().header("accept", accept).json(&notification)),
            202,
        ),
        (server.request(Method::DELETE, "/events/mcp"), 400),
        (with(server.request(Method::DELETE, "/events/mcp")), 204),
        (with(ping()), 404),
        (with(server.request(Method::DELETE, "/events/mcp")), 404),
    ]
    .into_iter()
    .enumerate()
    {
        let response = request.send().await?;
        assert_eq!(response.status(), status, "request {number}");
        if status >= 400 {
            let error: Value = response.json().await?;
            assert!(error["error"]["message"].is_string(), "request {number}");
        } else if status != 200 {
            assert_eq!(response.text().await?, "", "request {number}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn mercure_sends_numbered_updates_and_goes_on_after_the_last_id() -> Outcome {
    let server = Server::any_port()?;
    let path = "/events/mercure?topic=a&topic=b&interval=50";
    let mut response = server.get(path).await?;
    assert!(!response.headers().contains_key("last-event-id"));
    let text = read_events(&mut response, 3).await?;
    let updates = data(&text)?;
    let number = |update: &Value| update["number"].as_u64().ok_or("no number");
    let first = number(&updates[0])?;
    let ids = values(&text, "id");
    for (update, (id, expected)) in updates.iter().zip(ids.iter().zip(first..)) {
        assert_eq!(number(update)?, expected);
        assert_eq!(
            *id,
            format!("urn:uuid:00000000-0000-4000-8000-{expected:012x}")
        );
        assert_eq!(update["@id"], ["a", "b"][(expected % 2) as usize]);
    }

    // The header wins over the parameter.
    let with_parameter = format!("{path}&lastEventID={}", ids[0]);
    for (request, last) in [
        (server.request(Method::GET, &with_parameter), 0),
        (
            server
                .request(Method::GET, path)
                .header("last-event-id", ids[1]),
            1,
        ),
        (
            server
                .request(Method::GET, &with_parameter)
                .header("last-event-id", ids[1]),
            1,
        ),
    ] {
        let mut response = request.send().await?;
        assert_eq!(response.headers()["last-event-id"], ids[last]);
        let text = read_events(&mut response, 2).await?;
        let expected = first + last as u64 + 1;
        let numbers = data(&text)?
            .iter()
            .map(number)
            .collect::<Result<Vec<_>, _>>()?;
        assert_eq!(numbers[..2], [expected, expected + 1]);
    }
    Ok(())
}

#[tokio::test]
async fn mercure_passes_published_updates_on_and_keeps_them() -> Outcome {
    let server = Server::any_port()?;
    let path = "/events/mercure?topic=https://a.test/1&interval=0";
    let mut open = server.get(path).await?;
    let mut all = server.get("/events/mercure?topic=*&interval=0").await?;
    let publish = async |form: &'static str| -> Outcome<String> {
        let request = server.request(Method::POST, "/events/mercure").body(form);
        Ok(request.send().await?.error_for_status()?.text().await?)
    };
    publish("topic=other&data=x").await?;
    let first = publish("topic=https://a.test/1&data=one%0Atwo").await?;
    assert!(first.starts_with("urn:uuid:"), "{first}");
    assert_eq!(publish("topic=https://a.test/1&id=i&type=t").await?, "i");

    let expected = format!("id: {first}\ndata: one\ndata: two\n\nevent: t\nid: i\ndata: \n\n");
    let end = "id: i\ndata: \n\n";
    assert_eq!(read_until(&mut open, end).await?, expected);
    assert!(read_until(&mut all, end).await?.ends_with(&expected));

    let mut after_first = server.get(&format!("{path}&lastEventID={first}")).await?;
    assert_eq!(after_first.headers()["last-event-id"], first);
    assert_eq!(
        read_until(&mut after_first, end).await?,
        format!("event: t\n{end}")
    );
    // The same id was used for another topic since.
    publish("topic=https://a.test/1&id=j").await?;
    publish("topic=other&id=i").await?;
    let mut after_second = server.get(&format!("{path}&lastEventID=i")).await?;
    let third = "id: j\ndata: \n\n";
    assert_eq!(read_until(&mut after_second, third).await?, third);

    let expected = format!("{expected}{third}");
    for unknown in ["earliest", "unknown"] {
        let mut response = server.get(&format!("{path}&lastEventID={unknown}")).await?;
        assert_eq!(response.headers()["last-event-id"], "earliest");
        assert_eq!(read_until(&mut response, third).await?, expected);
    }
    Ok(())
}

#[tokio::test]
async fn mercure_mixes_published_updates_into_the_regular_ones_without_loss() -> Outcome {
    let server = Server::any_port()?;
    let path = "/events/mercure?topic=a&interval=20";
    let mut open = server.get(path).await?;
    let mut text = read_events(&mut open, 1).await?;
    for _ in 0..5 {
        let request = server.request(Method::POST, "/events/mercure");
        request
            .body("topic=a&data={}")
            .send()
            .await?
            .error_for_status()?;
    }
    text.push_str(&read_events(&mut open, 10).await?);

    // From each of the events on the rest comes once more, and in the same order.
    let ids = values(&text, "id");
    for (index, last) in ids.iter().take(8).enumerate() {
        let request = server
            .request(Method::GET, path)
            .header("last-event-id", *last);
        let again = read_events(&mut request.send().await?, ids.len() - index - 1).await?;
        let again = values(&again, "id");
        assert_eq!(
            again[..ids.len() - index - 1],
            ids[index + 1..],
            "after {last}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn mercure_needs_a_topic_and_for_private_updates_a_token() -> Outcome {
    let server = Server::any_port()?;
    let get = |path| server.request(Method::GET, path);
    let post = |form| server.request(Method::POST, "/events/mercure").body(form);
    let private = "/events/mercure?topic=a&private=true";
    for (number, (request, status)) in [
        (get("/events/mercure"), 400),
        (get(private), 401),
        (get(private).header("authorization", "Basic x"), 401),
        (get(private).bearer_auth("token"), 200),
        (
            get("/events/mercure?topic=a&private=true&authorization=token"),
            200,
        ),
        (post("data=x".to_owned()), 400),
        (post("topic=a&id=%23x".to_owned()), 400),
        (post("topic=a&id=x%0Ay".to_owned()), 400),
        (post("topic=a&type=x%0Dy".to_owned()), 400),
        (post(format!("topic=a&data={}", "x".repeat(64 * 1024))), 413),
    ]
    .into_iter()
    .enumerate()
    {
        let response = request.send().await?;
        assert_eq!(response.status(), status, "request {number}");
        let challenge = response.headers().contains_key("www-authenticate");
        assert_eq!(challenge, status == 401, "request {number}");
    }
    Ok(())
}

#[tokio::test]
async fn wikimedia_sends_changes_with_json_ids_and_goes_on_after_them() -> Outcome {
    let server = Server::any_port()?;
    let path = "/events/wikimedia/v2/stream/recentchange?interval=20";
    let response = server.get(&format!("{path}&after=12")).await?;
    assert_eq!(
        response.headers()["content-type"],
        "text/event-stream; charset=utf-8"
    );
    let text = response.text().await?;
    assert!(text.starts_with(":ok\n\nevent: message\nid: [{"), "{text}");
    let changes = data(&text)?;
    assert_eq!(changes.len(), 12);
    let first = changes[0]["id"].as_u64().ok_or("no id")?;
    for (change, number) in changes.iter().zip(first..) {
        assert_eq!(change["id"], number);
        assert_eq!(change["$schema"], "/mediawiki/recentchange/1.0.0");
        assert_eq!(change["meta"]["stream"], "mediawiki.recentchange");
        let is_canary = change["meta"]["domain"] == "canary";
        assert_eq!(is_canary, number.is_multiple_of(10));
        assert!(is_canary || change["meta"]["domain"] == change["server_name"]);
    }

    let ids = values(&text, "id");
    let id: Value = serde_json::from_str(ids[4])?;
    let time = (first + 4) * 20;
    let expected = json!([
        { "topic": "eqiad.mediawiki.recentchange", "partition": 0, "timestamp": time + 1 },
        { "topic": "codfw.mediawiki.recentchange", "partition": 0, "offset": -1 },
    ]);
    assert_eq!(id, expected);
    let after = server
        .request(Method::GET, &format!("{path}&after=3&since=0"))
        .header("last-event-id", ids[4]);
    let after = after.send().await?.text().await?;
    assert_eq!(values(&after, "id"), ids[5..8]);
    Ok(())
}

#[tokio::test]
async fn wikimedia_starts_at_the_time_asked_for() -> Outcome {
    let server = Server::any_port()?;
    let path = "/events/wikimedia/v2/stream/recentchange?interval=100&after=1";
    let now = SystemTime::now();
    let a_while_ago = now.duration_since(SystemTime::UNIX_EPOCH)? - Duration::from_secs(10);
    let ms = u64::try_from(a_while_ago.as_millis())?;
    let text = humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + a_while_ago);
    for since in [ms.to_string(), text.to_string()] {
        let response = server.get(&format!("{path}&since={since}")).await?;
        let changes = data(&response.text().await?)?;
        assert_eq!(changes[0]["id"], ms.div_ceil(100), "{since}");
    }

    let newest = data(&server.get(path).await?.text().await?)?;
    assert!(newest[0]["id"].as_u64() >= Some((ms + 10_000) / 100));
    let response = server.get(&format!("{path}&since=yesterday")).await?;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    for id in ["5", "[{\"topic\":\"x\"}]"] {
        let request = server
            .request(Method::GET, path)
            .header("last-event-id", id);
        assert_eq!(
            request.send().await?.status(),
            StatusCode::BAD_REQUEST,
            "{id}"
        );
    }
    Ok(())
}
