//! `cargo bench`: the parser alone, natively, from chunks of 64 KiB. The streams are like those of
//! `bench/speed/scenarios.mjs`.

fn main() {
    // criterion is there for hosts alone, but a target has to build everywhere.
    #[cfg(not(target_arch = "wasm32"))]
    native::main();
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::hint::black_box;

    use criterion::{Criterion, Throughput};
    use eventsource_wasm::parser::{DEFAULT_LIMIT, Parser};

    const CHUNK: usize = 64 * 1024;
    /// At least so long (bytes) is each stream.
    const LENGTH: usize = 4 * 1024 * 1024;

    /// Text of so many characters, another one for each number.
    fn text(length: usize, number: usize) -> String {
        let words = "the quick brown fox jumps over a lazy dog while streams of tokens arrive ";
        format!("{number} ")
            .chars()
            .chain(words.chars().cycle())
            .take(length)
            .collect()
    }

    fn token(number: usize) -> String {
        format!(
            "data: {{\"id\":\"chatcmpl-{number:024}\",\"object\":\"chat.completion.chunk\",\"created\":1763000000,\
         \"model\":\"large-2026-11-01\",\"system_fingerprint\":\"fp_0123456789\",\"choices\":[{{\"index\":0,\
         \"delta\":{{\"role\":\"assistant\",\"content\":\" while\"}},\"logprobs\":null,\
         \"finish_reason\":null}}],\"usage\":null}}\n\n"
        )
    }

    fn named(number: usize, line_end: &str) -> String {
        let data = text(64, number);
        format!("event: update{line_end}id: {number:06}{line_end}data: {data}{line_end}{line_end}")
    }

    fn multiline(number: usize) -> String {
        let lines: String = (0..10)
            .map(|line| format!("data: {}\n", text(80, number + line)))
            .collect();
        lines + "\n"
    }

    /// Makes an event of its number.
    type Scenario = fn(usize) -> String;

    const SCENARIOS: [(&str, Scenario); 9] = [
        ("tiny", |number| format!("data: {}\n\n", text(12, number))),
        ("llm", token),
        ("named", |number| named(number, "\n")),
        ("multiline", multiline),
        ("utf8", |number| {
            format!(
                "data: {number} {} 🎉🚀\n\n",
                "서버가 보내는 이벤트는 ".repeat(5)
            )
        }),
        ("crlf", |number| named(number, "\r\n")),
        ("comments", |number| {
            ": keep-alive\n\n".repeat(100) + &format!("data: {}\n\n", text(100, number))
        }),
        ("big", |number| {
            format!("data: {}\n\n", text(1024 * 1024, number))
        }),
        ("unheard", |number| {
            let data = text(80, number);
            format!("event: type{}\ndata: {data}\n\n", number % 25)
        }),
    ];

    fn parse(stream: &[u8]) -> usize {
        let mut parser = Parser::new(b"", DEFAULT_LIMIT);
        let mut events = 0;
        for chunk in stream.chunks(CHUNK) {
            if let Some(room) = parser.room(chunk.len()) {
                room.copy_from_slice(chunk);
            }
            let batch = parser.parse();
            events += batch.changes.len();
            black_box(batch.data);
        }
        events
    }

    fn parser(criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("parser");
        for (name, event) in SCENARIOS {
            let mut stream = String::new();
            let mut count = 0;
            while stream.len() < LENGTH {
                stream += &event(count);
                count += 1;
            }
            assert_eq!(parse(stream.as_bytes()), count, "{name}");
            group.throughput(Throughput::ElementsAndBytes {
                elements: count as u64,
                bytes: stream.len() as u64,
            });
            group.bench_function(name, |bencher| bencher.iter(|| parse(stream.as_bytes())));
        }
        group.finish();
    }

    pub fn main() {
        let mut criterion = Criterion::default().configure_from_args();
        parser(&mut criterion);
        criterion.final_summary();
    }
}
