//! Checks with a real HTTP client that the server does what the tests of the library rely on.

mod services;

use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::{Method, Response, StatusCode, Version};
use serde_json::{Value, json};
use tokio_rustls::rustls::crypto::ring;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A server of its own for each test, ended with it.
struct Server {
    process: Child,
    address: String,
    secure_address: Option<String>,
    client: reqwest::Client,
}

impl Server {
    fn start(arguments: &[&str]) -> Outcome<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_test-server"))
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut secure_address = None;
        let mut lines = BufReader::new(process.stdout.take().ok_or("no stdout")?).lines();
        let address = loop {
            let line = lines.next().ok_or("no address")??;
            if let Some(address) = line.strip_prefix("listening on http://") {
                break address.to_owned();
            }
            secure_address = line
                .strip_prefix("listening on https://")
                .map(str::to_owned);
        };
        // Fails if another test has done it.
        let _ = ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .tls_danger_accept_invalid_certs(true)
            .build()?;
        Ok(Self {
            address,
            secure_address,
            process,
            client,
        })
    }

    fn any_port() -> Outcome<Self> {
        Self::start(&["--port", "0"])
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    async fn get(&self, path: &str) -> reqwest::Result<Response> {
        self.request(Method::GET, path).send().await
    }

    /// Over HTTPS.
    async fn get_securely(&self, path: &str) -> Outcome<Response> {
        let address = self.secure_address.as_ref().ok_or("no secure address")?;
        Ok(self
            .client
            .get(format!("https://{address}{path}"))
            .send()
            .await?)
    }

    async fn get_after(&self, id: u64, path: &str) -> reqwest::Result<Response> {
        self.request(Method::GET, path)
            .header("last-event-id", id)
            .send()
            .await
    }

    async fn post(&self, path: &str) -> reqwest::Result<Response> {
        self.request(Method::POST, path).send().await
    }

    async fn script(&self, key: &str, connections: Value) -> reqwest::Result<Response> {
        let path = format!("/events/script?key={key}");
        self.request(Method::POST, &path)
            .json(&connections)
            .send()
            .await
    }

    /// The log of a key, once its requests have come and ended.
    async fn log(&self, key: &str, requests: usize, ended: usize) -> Outcome<Vec<Value>> {
        let path = format!("/log/wait?key={key}&requests={requests}&ended={ended}&timeout=5000");
        Ok(self.get(&path).await?.error_for_status()?.json().await?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a script and reads, without any HTTP client in between, until the connection is over.
fn send_script(stream: &mut TcpStream, script: &str) -> Outcome<(String, Option<io::ErrorKind>)> {
    let length = script.len();
    let head = "POST /events/script?key=raw HTTP/1.1\r\nhost: x\r\n";
    write!(stream, "{head}content-length: {length}\r\n\r\n{script}")?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut bytes = Vec::new();
    let error = stream
        .read_to_end(&mut bytes)
        .err()
        .map(|error| error.kind());
    Ok((String::from_utf8(bytes)?, error))
}

/// The text up to the given end, or all of it.
async fn read_until(response: &mut Response, end: &str) -> Outcome<String> {
    let mut text = String::new();
    while !text.ends_with(end) {
        let Some(chunk) = response.chunk().await? else {
            break;
        };
        text.push_str(str::from_utf8(&chunk)?);
    }
    Ok(text)
}

fn is_reset(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let io_error = error.downcast_ref::<io::Error>();
        if io_error.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[tokio::test]
async fn a_script_sends_each_step_as_a_chunk_of_its_own() -> Outcome {
    let server = Server::any_port()?;
    let steps = json!([[
        { "text": "data: ä\n" },
        { "hex": "00fF0d0a" },
        { "pause": 200 },
        { "base64": "/wA=" },
        { "repeat": 3, "text": "x" },
    ]]);
    let start = Instant::now();
    let mut response = server.script("chunks", steps).await?;
    assert_eq!(response.headers()["content-type"], "text/event-stream");

    let mut chunks = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        chunks.push(chunk);
    }
    let expected: [&[u8]; 6] = [
        "data: ä\n".as_bytes(),
        b"\x00\xff\r\n",
        b"\xff\x00",
        b"x",
        b"x",
        b"x",
    ];
    assert_eq!(chunks, expected);
    assert!(start.elapsed() >= Duration::from_millis(200));
    Ok(())
}

#[tokio::test]
async fn each_request_of_a_key_gets_the_next_entry_and_the_last_one_stays() -> Outcome {
    let server = Server::any_port()?;
    let connections = json!([
        [{ "text": "first" }],
        { "status": 503, "headers": { "content-type": null, "x": ["a", "b\u{e4}"] } },
    ]);
    assert_eq!(
        server
            .script("next", connections.clone())
            .await?
            .text()
            .await?,
        "first"
    );
    for _ in 0..2 {
        let response = server.script("next", connections.clone()).await?;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!response.headers().contains_key("content-type"));
        let values: Vec<_> = response.headers().get_all("x").iter().collect();
        assert_eq!(values, [&b"a"[..], b"b\xe4"]);
    }
    assert_eq!(
        server
            .script("other", connections.clone())
            .await?
            .text()
            .await?,
        "first"
    );

    // %5B%5B%7B%22text%22:%221%22%7D%5D,%5B%5D%5D = [[{"text":"1"}],[]]
    let without_key = "/events/script?connections=%5B%5B%7B%22text%22:%221%22%7D%5D,%5B%5D%5D";
    for _ in 0..2 {
        assert_eq!(server.get(without_key).await?.text().await?, "1");
    }
    Ok(())
}

#[tokio::test]
async fn a_script_in_the_query_leaves_the_method_and_the_body_to_the_request() -> Outcome {
    let server = Server::any_port()?;
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let path = "/events/script?connections=[[{%22text%22:%221%22}]]";
        let request = server.request(method.clone(), path).body("no script");
        assert_eq!(request.send().await?.text().await?, "1", "{method}");

        let request = server.request(method.clone(), "/events/script");
        let request = request.json(&json!([[{ "text": "2" }]]));
        assert_eq!(request.send().await?.text().await?, "2", "{method}");

        let request = server.request(method.clone(), "/events/echo").body("3");
        let echo = read_until(&mut request.send().await?, "\n\n").await?;
        let echo: Value = serde_json::from_str(echo.strip_prefix("data: ").ok_or("no data")?)?;
        assert_eq!([&echo["method"], &echo["body"]], [method.as_str(), "3"]);
    }
    Ok(())
}

#[tokio::test]
async fn a_cut_resets_the_connection_after_the_bytes_before_it() -> Outcome {
    let server = Server::any_port()?;
    let steps = json!([[{ "text": "before" }, { "pause": 50 }, { "cut": true }]]);
    let mut response = server.script("cut", steps).await?;
    assert_eq!(response.chunk().await?.as_deref(), Some(&b"before"[..]));
    let error = response
        .chunk()
        .await
        .err()
        .ok_or("the body has ended properly")?;
    assert!(is_reset(&error), "{error:?}");
    assert_eq!(server.log("cut", 1, 1).await?[0]["how"], "cut");
    Ok(())
}

#[tokio::test]
async fn every_byte_leaves_before_the_cut_that_follows_it() -> Outcome {
    let server = Server::any_port()?;
    let mut stream = TcpStream::connect(&server.address)?;
    let script = r#"[[{"text":"first"},{"text":"last"},{"cut":true}]]"#;
    let (bytes, error) = send_script(&mut stream, script)?;
    assert_eq!(error, Some(io::ErrorKind::ConnectionReset));
    assert!(
        bytes.ends_with("\r\n\r\n5\r\nfirst\r\n4\r\nlast\r\n"),
        "{bytes}"
    );

    // The head is a part of it.
    let mut stream = TcpStream::connect(&server.address)?;
    let (bytes, error) = send_script(&mut stream, r#"[[{"cut":true}]]"#)?;
    assert_eq!(error, Some(io::ErrorKind::ConnectionReset));
    assert!(
        bytes.starts_with("HTTP/1.1 200 OK\r\n") && bytes.ends_with("\r\n\r\n"),
        "{bytes}"
    );
    Ok(())
}

#[tokio::test]
async fn a_refused_request_gets_a_reset_and_not_a_single_byte() -> Outcome {
    let server = Server::any_port()?;
    let mut stream = TcpStream::connect(&server.address)?;
    let (bytes, error) = send_script(&mut stream, r#"[{"steps":[{"refuse":true}]}]"#)?;
    assert_eq!(error, Some(io::ErrorKind::ConnectionReset));
    assert_eq!(bytes, "");
    assert_eq!(server.log("raw", 1, 1).await?[0]["how"], "cut");
    Ok(())
}

#[tokio::test]
async fn the_address_in_the_examples_of_the_documentation_tells_the_time() -> Outcome {
    let server = Server::any_port()?;
    let event = read_until(&mut server.get("/events").await?, "\n\n").await?;
    let time = event.strip_prefix("data: ").ok_or("no data")?.trim_end();
    humantime::parse_rfc3339(time)?;
    Ok(())
}

#[tokio::test]
async fn the_log_tells_what_was_asked_and_how_it_ended() -> Outcome {
    let server = Server::any_port()?;
    let path = "/events/script?key=log&connections=[[],[{%22hang%22:true}]]";
    let request = server
        .request(Method::GET, path)
        .header("x-latin", &b"\xe4"[..]);
    request.send().await?.text().await?;
    drop(server.get(path).await?);
    drop(server.get("/events/status/200?key=other").await?);

    let log = server.log("log", 2, 2).await?;
    assert_eq!(log.len(), 2);
    assert_eq!(log[0]["method"], "GET");
    assert_eq!(log[0]["uri"], path);
    assert_eq!(log[0]["headers"]["x-latin"], "ä");
    assert_eq!(log[0]["how"], "finished");
    assert_eq!(log[1]["how"], "client-gone");
    assert!(log[0]["ended"].as_f64() >= log[0]["time"].as_f64());

    // Also when hyper has no use for the body.
    server
        .script(
            "no-body",
            json!([{ "status": 204, "steps": [{ "text": "x" }] }]),
        )
        .await?;
    assert_eq!(server.log("no-body", 1, 1).await?[0]["how"], "finished");

    // A request that never gets an answer is there too.
    let hang = server.request(Method::GET, "/events/hang?key=hang");
    assert!(
        hang.timeout(Duration::from_millis(100))
            .send()
            .await
            .is_err()
    );
    assert_eq!(server.log("hang", 1, 1).await?[0]["how"], "client-gone");

    let all: Vec<Value> = server.get("/log").await?.json().await?;
    assert_eq!(all.len(), 5);
    server
        .request(Method::DELETE, "/log?key=log")
        .send()
        .await?;
    let rest: Vec<Value> = server.get("/log").await?.json().await?;
    assert_eq!(rest.len(), 3);
    Ok(())
}

#[tokio::test]
async fn log_wait_answers_when_the_requests_have_come_and_504_at_the_timeout() -> Outcome {
    let server = Server::any_port()?;
    let start = Instant::now();
    let (log, response) = tokio::join!(server.log("wait", 1, 0), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.get("/events/clock?key=wait").await
    });
    let _open = response?;
    let log = log?;
    assert_eq!(log.len(), 1);
    assert_eq!(log[0]["ended"], Value::Null);
    assert!(start.elapsed() >= Duration::from_millis(100));

    let response = server
        .get("/log/wait?key=wait&requests=2&timeout=50")
        .await?;
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(response.json::<Vec<Value>>().await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn drop_ends_or_cuts_the_streams_of_one_client() -> Outcome {
    let server = Server::any_port()?;
    let path = "/events/clock?client=a&key=drop";
    let mut ended = server.get(path).await?;
    let mut other = server.get("/events/clock?interval=50&client=b").await?;
    let dropped: Value = server.post("/drop?client=a").await?.json().await?;
    assert_eq!(dropped, json!({ "dropped": 1 }));
    while ended.chunk().await?.is_some() {}

    let mut cut = server.get(path).await?;
    server.post("/drop?client=a&how=cut").await?;
    let error = loop {
        if let Err(error) = cut.chunk().await {
            break error;
        }
    };
    assert!(is_reset(&error), "{error:?}");

    let log = server.log("drop", 2, 2).await?;
    assert_eq!([&log[0]["how"], &log[1]["how"]], ["finished", "cut"]);
    assert!(other.chunk().await?.is_some());
    Ok(())
}

#[tokio::test]
async fn a_client_that_reads_nothing_can_be_cut() -> Outcome {
    let server = Server::any_port()?;
    let stuck = server
        .get("/events/flood?count=2000000&size=1000&client=stuck&key=stuck")
        .await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.post("/drop?client=stuck&how=cut").await?;
    assert_eq!(server.log("stuck", 1, 1).await?[0]["how"], "cut");
    drop(stuck);
    Ok(())
}

#[tokio::test]
async fn a_client_is_refused_until_the_time_is_over() -> Outcome {
    let server = Server::any_port()?;
    server.post("/refuse?client=a&for=300").await?;
    let error = server
        .get("/events/clock?client=a")
        .await
        .err()
        .ok_or("not refused")?;
    assert!(is_reset(&error), "{error:?}");
    server.get("/events/clock?client=b").await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.get("/events/clock?client=a").await?;
    Ok(())
}

#[tokio::test]
async fn the_cors_parameter_decides_what_other_origins_may_do() -> Outcome {
    let server = Server::any_port()?;
    let allow_origin = "access-control-allow-origin";
    let credentials = "access-control-allow-credentials";
    // The parameter, the allowed origin, credentials, the status of preflights.
    let cases = [
        ("", Some("http://a.test"), true, 200),
        ("cors=*", Some("*"), false, 200),
        ("cors=none", None, false, 403),
        ("cors=no-preflight", Some("http://a.test"), true, 403),
        ("cors=http://b.test", Some("http://b.test"), true, 200),
    ];
    for (parameter, origin, with_credentials, preflight) in cases {
        let path = format!("/events/status/200?{parameter}");
        let request = server
            .request(Method::GET, &path)
            .header("origin", "http://a.test");
        let response = request.send().await?;
        let headers = response.headers();
        let exposed = headers.get("access-control-expose-headers");
        assert_eq!(
            exposed.map(|value| value.as_bytes()),
            origin.map(|_| &b"retry-after,last-event-id,mcp-session-id"[..]),
            "{parameter}"
        );
        let sent = headers.get(allow_origin).map(|value| value.as_bytes());
        assert_eq!(sent, origin.map(str::as_bytes), "{parameter}");
        assert_eq!(
            headers.contains_key(credentials),
            with_credentials,
            "{parameter}"
        );

        let request = server
            .request(Method::OPTIONS, &path)
            .header("origin", "http://a.test");
        let request = request.header("access-control-request-method", "POST");
        let response = request
            .header("access-control-request-headers", "x-y")
            .send()
            .await?;
        assert_eq!(response.status(), preflight, "{parameter}");
        let headers = response.headers();
        assert_eq!(
            headers.contains_key(allow_origin),
            preflight == 200,
            "{parameter}"
        );
        if preflight == 200 {
            assert_eq!(
                headers["access-control-allow-headers"], "x-y",
                "{parameter}"
            );
            assert_eq!(
                headers["access-control-allow-methods"], "GET,POST,PUT,PATCH,DELETE",
                "{parameter}"
            );
            assert_eq!(headers["access-control-max-age"], "0", "{parameter}");
        }
    }
    let log: Vec<Value> = server.get("/log").await?.json().await?;
    assert_eq!(
        log.iter()
            .filter(|entry| entry["method"] == "OPTIONS")
            .count(),
        cases.len()
    );
    Ok(())
}

#[tokio::test]
async fn notifications_after_the_last_id_are_sent_again_and_then_live() -> Outcome {
    let server = Server::any_port()?;
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let path = "/events/notifications?interval=200";
    let last = now / 200 - 3;
    let mut response = server.get_after(last, path).await?;
    for number in last + 1..last + 6 {
        let chunk = response.chunk().await?.ok_or("the stream has ended")?;
        let text = str::from_utf8(&chunk)?;
        let data = text
            .strip_prefix(&format!("id: {number}\ndata: "))
            .ok_or("another id")?;
        let data: Value = serde_json::from_str(data)?;
        assert_eq!(data["number"], number);
        assert!(data["text"].is_string());
    }
    // Two of the five were in the future.
    let then = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    assert!(then >= (last + 5) * 200);

    // The newest one comes first without an id, and at most 1,000 come again.
    let id = async |response: reqwest::Result<Response>| -> Outcome<u64> {
        let chunk = response?.chunk().await?.ok_or("the stream has ended")?;
        let line = str::from_utf8(&chunk)?.lines().next().ok_or("no line")?;
        Ok(line.strip_prefix("id: ").ok_or("no id")?.parse()?)
    };
    let newest = id(server.get("/events/notifications?interval=60000").await).await?;
    assert!(newest.abs_diff(now / 60_000) <= 1);
    let oldest = id(server
        .get_after(0, "/events/notifications?interval=60000")
        .await)
    .await?;
    assert!(oldest.abs_diff(newest - 999) <= 1);
    Ok(())
}

#[tokio::test]
async fn users_start_again_with_a_reset_after_a_reconnection() -> Outcome {
    let server = Server::any_port()?;
    let first = "event: add\nid: 0\ndata: {\"id\":1,\"name\":\"Ada\"}\n\n";
    let mut response = server.get("/events/users").await?;
    assert_eq!(response.chunk().await?.as_deref(), Some(first.as_bytes()));

    let mut response = server.get_after(3, "/events/users?interval=10").await?;
    let text = read_until(&mut response, "\"Grace\"}\n\n").await?;
    let events: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    assert_eq!(events, ["reset", "add", "add", "add", "add", "add", "add"]);
    Ok(())
}

#[tokio::test]
async fn tokens_go_on_after_the_last_id_and_end_with_204() -> Outcome {
    let server = Server::any_port()?;
    let path = "/events/tokens?interval=0";
    let request = server
        .request(Method::POST, path)
        .json(&json!({ "prompt": "Why?" }));
    let text = request.send().await?.text().await?;
    assert!(text.contains("{\"choices\":[{\"delta\":{\"content\":\"“Why?”. \"}}]}"));
    assert!(text.ends_with("data: [DONE]\n\n"));

    let whole = server.get(path).await?.text().await?;
    let (_, after_5) = whole.split_once("id: 6\n").ok_or("no sixth token")?;
    let rest = server.get_after(5, path).await?.text().await?;
    assert_eq!(rest, format!("id: 6\n{after_5}"));

    let done = whole.matches("id: ").count() as u64;
    assert_eq!(
        server.get_after(done, path).await?.status(),
        StatusCode::NO_CONTENT
    );
    Ok(())
}

#[tokio::test]
async fn long_polls_count_up_and_time_limits_end() -> Outcome {
    let server = Server::any_port()?;
    let response = server.get_after(7, "/events/long-poll?retry=1500").await?;
    assert_eq!(response.text().await?, "retry: 1500\nid: 8\ndata: 8\n\n");
    let response = server.get("/events/time-limit?after=700").await?;
    assert_eq!(response.text().await?, "event: init\ndata:\n\ndata: 1\n\n");
    Ok(())
}

#[tokio::test]
async fn a_flood_and_a_large_event_have_the_length_asked_for() -> Outcome {
    let server = Server::any_port()?;
    let mut response = server
        .get("/events/flood?count=20000&size=10&type=t&ids=true")
        .await?;
    let text = read_until(&mut response, "event: end\ndata: 20000\n\n").await?;
    assert!(text.starts_with("id: 1\nevent: t\ndata: abcdefghij\n\nid: 2\n"));
    assert_eq!(text.matches("data: abcdefghij\n\n").count(), 20_000);

    let mut response = server.get("/events/large?bytes=1000000&chunk=4096").await?;
    let text = read_until(&mut response, "\n\n").await?;
    assert_eq!(text.len(), 1_000_000 + "data: \n\n".len());
    let letters = text.trim_start_matches("data: ").trim_end();
    assert!(
        letters
            .bytes()
            .zip((b'a'..=b'z').cycle())
            .all(|(is, should)| is == should)
    );
    Ok(())
}

#[tokio::test]
async fn what_was_stored_is_repeated_by_writes_of_the_size_asked_for() -> Outcome {
    let server = Server::any_port()?;
    let body = "data: 0000000000000000\n\nid: 2\ndata: two\n\n";
    let put = server.request(Method::PUT, "/events/repeat/ab").body(body);
    assert_eq!(put.send().await?.status(), StatusCode::NO_CONTENT);

    let end = "event: end\ndata: 3\n\n";
    let path = "/events/repeat/ab?times=3";
    let mut response = server.get(&format!("{path}&write=10")).await?;
    let text = read_until(&mut response, end).await?;
    assert_eq!(text, body.repeat(3) + end);

    let path = format!("{path}&write=event&interval=1&stamp=true");
    let mut response = server.get(&path).await?;
    let mut writes = Vec::new();
    while writes.last().is_none_or(|last| last != end) {
        let write = response.chunk().await?.ok_or("no end")?;
        writes.push(String::from_utf8(write.to_vec())?);
    }
    assert_eq!(writes.len(), 7, "{writes:?}");
    assert_eq!(writes[1], "id: 2\ndata: two\n\n");
    let stamp = writes[4].trim().trim_start_matches("data: ");
    let sent = UNIX_EPOCH + Duration::from_micros(stamp.parse()?);
    assert!(sent.elapsed()? < Duration::from_secs(5), "{stamp}");
    Ok(())
}

#[tokio::test]
async fn statuses_redirects_and_echoes_are_as_asked_for() -> Outcome {
    let server = Server::any_port()?;
    let response = server
        .get("/events/status/418?type=text/plain;x=y&body=tea")
        .await?;
    assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
    assert_eq!(response.headers()["content-type"], "text/plain;x=y");
    assert_eq!(response.text().await?, "tea");
    let response = server.get("/events/status/200?type=").await?;
    assert!(!response.headers().contains_key("content-type"));
    assert_eq!(response.text().await?, "data: status 200\n\n");

    let response = server
        .get("/events/redirect/307?to=/events/clock?a=b")
        .await?;
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(response.headers()["location"], "/events/clock?a=b");
    let response = server.get("/events/redirect-loop?key=loop").await?;
    assert_eq!(
        response.headers()["location"],
        "/events/redirect-loop?key=loop"
    );

    let request = server
        .request(Method::POST, "/events/echo?a=b")
        .header("x-y", "z");
    let mut response = request.body("ä").send().await?;
    let text = read_until(&mut response, "\n\n").await?;
    let echo: Value = serde_json::from_str(text.strip_prefix("data: ").ok_or("no data")?)?;
    assert_eq!(echo["method"], "POST");
    assert_eq!(echo["uri"], "/events/echo?a=b");
    assert_eq!(echo["headers"]["x-y"], "z");
    assert_eq!(echo["body"], "ä");
    Ok(())
}

#[tokio::test]
async fn wrong_input_is_answered_with_400_and_the_name_of_the_parameter() -> Outcome {
    let server = Server::any_port()?;
    for (path, name) in [
        ("/events/clock?interval=0", "interval"),
        ("/events/delayed?body=600001", "body"),
        ("/events/flood?count=2000001", "count"),
        ("/events/flood?ids=1", "ids"),
        ("/events/large?chunk=-1", "chunk"),
        ("/events/repeat/nothing", "nothing"),
        ("/events/redirect/302", "to"),
        ("/events/redirect/302?to=%0A", "to"),
        ("/events/status/199", "status"),
        ("/events/script", "connections"),
        ("/events/script?connections=[]", "connections"),
        (
            "/events/script?connections=[[{%22pause%22:-1}]]",
            "[0].steps[0].pause",
        ),
        ("/events/script?connections=[[],[{}]]", "[1].steps[0]"),
        ("/log/wait?timeout=60001", "timeout"),
    ] {
        let response = server.get(path).await?;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path}");
        let text = response.text().await?;
        assert!(text.contains(name) && text.ends_with('.'), "{path}: {text}");
    }
    let response = server.post("/drop").await?;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let request = server
        .request(Method::GET, "/events/users")
        .header("last-event-id", "x");
    let text = request.send().await?.text().await?;
    assert!(text.contains("Last-Event-ID"), "{text}");
    Ok(())
}

#[tokio::test]
async fn static_files_come_with_a_strict_policy_and_are_not_stored() -> Outcome {
    let root = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("root");
    for (folder, file) in [
        ("www", "index.html"),
        ("dist", "a.wasm"),
        ("tests/pages", "b.html"),
    ] {
        std::fs::create_dir_all(root.join(folder))?;
        std::fs::write(root.join(folder).join(file), folder)?;
    }
    let root = root.to_str().ok_or("not a readable path")?;
    let server = Server::start(&["--port", "0", "--root", root])?;
    for (path, content_type, text) in [
        ("/", "text/html", "www"),
        ("/dist/a.wasm", "application/wasm", "dist"),
        ("/pages/b.html", "text/html", "tests/pages"),
    ] {
        let response = server.get(path).await?.error_for_status()?;
        let headers = response.headers();
        assert_eq!(headers["content-type"], content_type);
        assert_eq!(headers["cache-control"], "no-cache");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let policy = headers["content-security-policy"].to_str()?;
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "));
        assert_eq!(response.text().await?, text);
    }
    assert_eq!(
        server.get("/missing").await?.status(),
        StatusCode::NOT_FOUND
    );
    Ok(())
}

#[tokio::test]
async fn no_connection_is_used_twice_unless_a_script_wants_it() -> Outcome {
    let server = Server::any_port()?;
    for path in [
        "/",
        "/log",
        "/events/status/200",
        "/events/clock?interval=0",
    ] {
        assert_eq!(server.get(path).await?.headers()["connection"], "close");
    }
    let kept = json!([{ "headers": { "connection": "keep-alive" } }]);
    let response = server.script("kept", kept).await?;
    assert_eq!(response.headers()["connection"], "keep-alive");
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn over_https_hundreds_of_streams_are_open_at_once_on_one_connection() -> Outcome {
    let server = Server::start(&["--port", "0", "--secure-port", "0"])?;
    let mut streams = Vec::new();
    for number in 0..500 {
        let path = format!("/events/flood?count=0&client={number}&key=secure");
        let mut stream = server.get_securely(&path).await?;
        assert_eq!(stream.version(), Version::HTTP_2);
        let event = read_until(&mut stream, "\n\n").await?;
        assert_eq!(event, "event: end\ndata: 0\n\n");
        streams.push(stream);
    }
    let log = server.log("secure", 500, 0).await?;
    assert!(log.iter().all(|entry| entry["ended"].is_null()));

    // One of them is reset, and as they share a connection that is the end of them all.
    server.post("/drop?client=7&how=cut").await?;
    for stream in &mut streams {
        assert!(stream.chunk().await.is_err());
    }
    server.log("secure", 500, 500).await?;
    Ok(())
}

#[tokio::test]
async fn a_script_is_refused_over_https_which_has_no_chunks() -> Outcome {
    let server = Server::start(&["--port", "0", "--secure-port", "0"])?;
    let response = server
        .get_securely("/events/script?connections=[[]]")
        .await?;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.text().await?.contains("HTTP/1.1"));
    Ok(())
}

#[tokio::test]
async fn the_server_stops_at_once_and_starts_again_on_the_same_port() -> Outcome {
    let mut server = Server::any_port()?;
    let mut open = server.get("/events/clock").await?;
    let start = Instant::now();
    Command::new("kill")
        .args(["-TERM", &server.process.id().to_string()])
        .status()?;
    assert!(server.process.wait()?.success());
    assert!(start.elapsed() < Duration::from_secs(1));
    while let Ok(Some(_)) = open.chunk().await {}

    let port = server.address.rsplit(':').next().ok_or("no port")?;
    let again = Server::start(&["--port", port])?;
    assert_eq!(again.address, server.address);
    again.get("/events/clock").await?;
    Ok(())
}
