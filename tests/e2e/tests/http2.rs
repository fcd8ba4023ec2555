//! HTTP/2 by clients that mean harm: each costs a bounded amount, and the others are
//! served meanwhile.

use std::time::Duration;

use e2e::http2::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, Http2, INITIAL_WINDOW, PING, RST_STREAM,
    SETTINGS, WINDOW_UPDATE, block, frame, head,
};
use e2e::tls::Authority;
use e2e::{Launch, ROOT_KEY, Server, eventually, folder};
use serde_json::json;
use tempfile::TempDir;

/// What the memory of the server may grow by, whatever one client does.
const MEMORY_KIB: u64 = 48 << 10;

/// A server of HTTPS.
struct Site {
    server: Server,
    authority: String,
    _folders: [TempDir; 2],
}

impl Site {
    fn start(settings: &[(&str, &str)]) -> Self {
        let (data, files, authority) = (folder(), folder(), Authority::default());
        let written = authority.write(files.path(), 2096);
        let launch = Launch::new(data.path()).https(&authority, &written);
        let launch = settings.iter().fold(launch, |launch, (name, value)| launch.env(name, *value));
        let server = launch.start();
        assert_eq!(server.get("/readyz").0, 200);
        Self { server, authority: authority.pem(), _folders: [data, files] }
    }

    fn connect(&self) -> Http2 {
        Http2::connect(self.server.address(), &self.authority, &[])
    }

    /// Does it, and shows that the server is none the worse.
    fn survives(&self, harm: impl FnOnce()) {
        let before = self.server.resident_kib();
        harm();
        assert_eq!(self.connect_and_get("/readyz"), Some(200));
        let grown = self.server.resident_kib().saturating_sub(before);
        assert!(grown < MEMORY_KIB, "{grown} KiB more");
    }

    fn connect_and_get(&self, path: &str) -> Option<u16> {
        let mut client = self.connect();
        client.send(HEADERS, END_STREAM | END_HEADERS, 1, &head("GET", path, &[]));
        client.status(1)
    }
}

#[test]
fn requests_share_a_connection_and_each_has_its_answer() {
    let site = Site::start(&[]);
    let api = site.server.api();
    let (_, key) = site.server.key(&api, json!({}));
    let mut client = site.connect();
    let body = json!({ "key": key }).to_string();
    let bearer = format!("Bearer {ROOT_KEY}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    for stream in (1..64).step_by(2) {
        client.send(HEADERS, END_HEADERS, stream, &head("POST", "/v2/keys.verifyKey", &headers));
    }
    for stream in (1..64).step_by(2) {
        client.send(DATA, END_STREAM, stream, body.as_bytes());
    }
    let (mut heads, mut valid) = (0, 0);
    while valid < 32 {
        let frame = client.read_frame().expect("answers");
        heads += usize::from(frame.kind == HEADERS);
        valid += usize::from(frame.kind == DATA && String::from_utf8_lossy(&frame.payload).contains("VALID"));
    }
    assert_eq!(heads, 32);
    assert_eq!(site.connect_and_get("/nowhere"), Some(404));
}

#[test]
fn forms_and_links_know_the_host_of_http2() {
    let site = Site::start(&[]);
    let mut client = site.connect();
    client.send(HEADERS, END_STREAM | END_HEADERS, 1, &head("POST", "/v2/nothing", &[]));
    assert_eq!(client.status(1), Some(404));
    let text = client.find(DATA).expect("a body").payload;
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(text.contains("https://localhost/docs/"), "{text}");
}

/// Whoever stands in front may have looked at the other name.
#[test]
fn a_request_is_for_one_host() {
    let site = Site::start(&[]);
    let get = [(":method", "GET"), (":scheme", "https"), (":path", "/readyz")];
    let (authority, same, other) =
        ((":authority", "localhost"), ("host", "LocalHost"), ("host", "elsewhere.example"));
    for (names, status) in [
        (&[authority, same][..], 200),
        (&[same], 200),
        (&[authority], 200),
        (&[authority, other], 400),
        (&[authority, same, same], 400),
        (&[same, other], 400),
        (&[], 400),
    ] {
        let mut client = site.connect();
        client.send(HEADERS, END_STREAM | END_HEADERS, 1, &block(&[&get, names].concat()));
        assert_eq!(client.status(1), Some(status), "{names:?}");
    }
}

#[test]
fn streams_that_are_opened_and_reset_end_the_connection() {
    let site = Site::start(&[]);
    site.survives(|| {
        let mut client = site.connect();
        let mut sent = 0;
        // Streams have odd numbers.
        let is_ended = (0..200).any(|round| {
            let frames: Vec<_> = (0..100)
                .flat_map(|number| {
                    let stream = 1 + 2 * (round * 100 + number);
                    [
                        frame(
                            HEADERS,
                            END_STREAM | END_HEADERS,
                            stream,
                            &head("GET", "/openapi/v2.json", &[]),
                        ),
                        frame(RST_STREAM, 0, stream, &8u32.to_be_bytes()),
                    ]
                })
                .collect();
            sent += 100;
            !client.send_all(&frames)
        });
        assert!(is_ended || client.find(GOAWAY).is_some(), "{sent} streams were reset");
        assert!(client.is_ended());
    });
}

#[test]
fn ten_thousand_streams_are_not_answered_at_once() {
    let site = Site::start(&[]);
    site.survives(|| {
        let mut client = Http2::connect(site.server.address(), &site.authority, &[(INITIAL_WINDOW, 0)]);
        let head = head("GET", "/openapi/v2.json", &[]);
        let frames: Vec<_> = (0..10_000)
            .map(|number| frame(HEADERS, END_STREAM | END_HEADERS, 1 + 2 * number, &head))
            .collect();
        client.send_all(&frames);
        // The connection ends, or this would wait in vain.
        let (mut heads, mut refused) = (0, 0);
        while let Some(frame) = client.read_frame() {
            heads += u32::from(frame.kind == HEADERS);
            refused += u32::from(frame.kind == RST_STREAM);
        }
        assert!(heads <= 64 && refused <= 256, "{heads} were answered, {refused} refused");
    });
}

#[test]
fn a_head_without_end_ends_the_connection() {
    let site = Site::start(&[]);
    site.survives(|| {
        let mut client = site.connect();
        client.send(HEADERS, 0, 1, &head("GET", "/livez", &[]));
        let piece = [&[0u8, 1, b'x', 127, 0x81, 0x7e][..], &[b'y'; 16_000][..]].concat();
        let is_ended = (0..4000).any(|_| !client.send(CONTINUATION, 0, 1, &piece[..16_000]));
        assert!(is_ended || client.find(GOAWAY).is_some());
        assert!(client.is_ended());

        let mut client = site.connect();
        client.send(HEADERS, 0, 1, &head("GET", "/livez", &[]));
        let empty = vec![frame(CONTINUATION, 0, 1, &[]); 1000];
        let is_ended = (0..1000).any(|_| !client.send_all(&empty));
        assert!(is_ended || client.find(GOAWAY).is_some());
        assert!(client.is_ended());
    });
}

#[test]
fn a_large_head_is_refused() {
    let site = Site::start(&[]);
    site.survives(|| {
        let large = "x".repeat(12_000);
        let mut client = site.connect();
        let block = head("GET", "/livez", &[("x-a", &large), ("x-b", &large)]);
        client.send(HEADERS, END_STREAM, 1, &block[..16_000]);
        client.send(CONTINUATION, END_HEADERS, 1, &block[16_000..]);
        assert!(matches!(client.status(1), Some(431) | None));

        // A head that is small on the wire: one entry of the table, named again and again.
        let mut client = site.connect();
        let mut block = head("GET", "/livez", &[]);
        block.extend([0x40, 1, b'a', 127, 0xa1, 0x1e]);
        block.extend([b'v'; 4000]);
        block.extend([0xbe; 8000]);
        client.send(HEADERS, END_STREAM | END_HEADERS, 1, &block);
        assert!(matches!(client.status(1), Some(431) | None));
    });
}

#[test]
fn frames_that_say_nothing_cost_nothing() {
    let site = Site::start(&[("UNKEY_HEAD_TIMEOUT_MS", "2000")]);
    site.survives(|| {
        for kind in [SETTINGS, PING, WINDOW_UPDATE] {
            let mut client = site.connect();
            let (stream, payload) = match kind {
                PING => (0, vec![0; 8]),
                WINDOW_UPDATE => (0, 1u32.to_be_bytes().to_vec()),
                _ => (0, vec![0, 4, 0, 0, 255, 255]),
            };
            let frames = vec![frame(kind, 0, stream, &payload); 1000];
            // Nobody reads the answers: the server has to stop making them.
            let is_ended = (0..200).any(|_| !client.send_all(&frames));
            assert!(is_ended || client.is_ended(), "{kind}");
        }
    });
}

#[test]
fn a_stream_that_is_not_read_ends_its_connection() {
    let site = Site::start(&[("UNKEY_ANSWER_TIMEOUT_MS", "500")]);
    site.survives(|| {
        let mut client = Http2::connect(site.server.address(), &site.authority, &[(INITIAL_WINDOW, 1)]);
        let head = head("GET", "/openapi/v2.json", &[]);
        for number in 0..60 {
            client.send(HEADERS, END_STREAM | END_HEADERS, 1 + 2 * number, &head);
        }
        // A byte now and then keeps nothing alive.
        let is_ended = (0..200).any(|number| {
            std::thread::sleep(Duration::from_millis(50));
            !client.send(WINDOW_UPDATE, 0, 1 + 2 * (number % 60), &1u32.to_be_bytes())
        });
        assert!(is_ended, "it was left open");
    });
}

#[test]
fn a_body_that_stalls_is_refused_and_other_streams_go_on() {
    let site = Site::start(&[("UNKEY_BODY_TIMEOUT_MS", "400")]);
    site.survives(|| {
        let mut client = site.connect();
        let bearer = format!("Bearer {ROOT_KEY}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        client.send(HEADERS, END_HEADERS, 1, &head("POST", "/v2/keys.verifyKey", &headers));
        client.send(DATA, 0, 1, b"{\"key\":");
        client.send(HEADERS, END_STREAM | END_HEADERS, 3, &head("GET", "/livez", &[]));
        assert_eq!(client.status(3), Some(200));
        assert_eq!(client.status(1), Some(408));
    });
}

#[test]
fn a_connection_that_never_asks_is_ended() {
    let site = Site::start(&[("UNKEY_HEAD_TIMEOUT_MS", "300"), ("UNKEY_IDLE_TIMEOUT_MS", "300")]);
    site.survives(|| {
        let mut silent = site.connect();
        assert!(silent.is_ended());
        let mut pinging = site.connect();
        pinging.send(HEADERS, END_STREAM | END_HEADERS, 1, &head("GET", "/livez", &[]));
        assert_eq!(pinging.status(1), Some(200));
        eventually("an idle connection to end", || {
            std::thread::sleep(Duration::from_millis(50));
            (!pinging.send(PING, 0, 0, &[0; 8])).then_some(())
        });
    });
}
