//! Content codings over a connection of one's own: what is accepted decides how an
//! answer comes, and never what it says.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use e2e::{ROOT_KEY, Raw, Server, eventually, folder};
use serde_json::{Value, json};

const CODINGS: [&str; 3] = ["zstd", "br", "gzip"];
const SETTINGS: [(&str, &str); 2] =
    [("UNKEY_ADMIN_EMAIL", "owner@example.com"), ("UNKEY_ADMIN_PASSWORD", "correct horse battery staple")];
/// A route of the hot path, whose bodies have a way of their own.
const VERIFY: &str = "/v2/keys.verifyKey";

/// An answer as it came over the wire.
#[derive(Debug)]
struct Coded {
    status: u16,
    headers: BTreeMap<String, String>,
    /// Still in its coding.
    body: Vec<u8>,
    /// Whether it came to its end.
    is_whole: bool,
}

impl Coded {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The content.
    fn plain(&self) -> Vec<u8> {
        decoded(self.header("content-encoding"), &self.body)
    }
}

/// What can be decoded of the beginning of some content.
fn decoded(coding: &str, coded: &[u8]) -> Vec<u8> {
    let mut decoder: Box<dyn Read + '_> = match coding {
        "zstd" => Box::new(zstd::stream::read::Decoder::new(coded).expect("there is memory")),
        "br" => Box::new(brotli::Decompressor::new(coded, 4096)),
        "gzip" => Box::new(flate2::read::GzDecoder::new(coded)),
        "" => Box::new(coded),
        other => panic!("{other} is none of ours"),
    };
    let (mut plain, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = decoder.read(&mut piece) {
        plain.extend_from_slice(&piece[..read]);
    }
    plain
}

/// The next answer on a connection, whose body is read while `go_on` likes what there is.
fn read(connection: &mut Raw, method: &str, go_on: impl Fn(&[u8]) -> bool) -> Coded {
    let line = |connection: &mut Raw| {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.extend_from_slice(&connection.some(1)?);
        }
        Some(String::from_utf8(line).expect("lines are text").trim_end().to_owned())
    };
    let first = line(connection).expect("an answer");
    let status = first.split(' ').nth(1).expect("a status").parse().expect("a status");
    let mut headers = BTreeMap::new();
    while let Some((name, value)) = line(connection).expect("a header").split_once(':') {
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let (mut body, mut is_whole) = (Vec::new(), method == "HEAD");
    if let (Some(length), false) = (headers.get("content-length"), is_whole) {
        body = connection.some(length.parse().expect("a number")).expect("a body");
        is_whole = true;
    }
    let is_chunked = headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked");
    while is_chunked && !is_whole && go_on(&body) {
        let Some(length) = line(connection) else { break };
        let length = usize::from_str_radix(&length, 16).expect("the length of a chunk");
        let Some(chunk) = connection.some(length + 2) else { break };
        body.extend_from_slice(&chunk[..length]);
        is_whole = length == 0;
    }
    Coded { status, headers, body, is_whole }
}

fn ask(server: &Server, method: &str, path: &str, more: &str) -> Coded {
    let mut connection = server.connect();
    connection.send(format!("{method} {path} HTTP/1.1\r\nHost: test\r\n{more}\r\n"));
    read(&mut connection, method, |_| true)
}

fn get(server: &Server, path: &str, accepted: &str) -> Coded {
    ask(server, "GET", path, &format!("Accept-Encoding: {accepted}\r\n"))
}

/// Calls an operation of an API with a body and headers of one's own.
fn call(server: &Server, operation: &str, more: &str, body: &[u8]) -> Coded {
    let mut connection = server.connect();
    let head = format!(
        "POST {operation} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {ROOT_KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n{more}\r\n",
        body.len()
    );
    connection.send([head.as_bytes(), body].concat());
    read(&mut connection, "POST", |_| true)
}

#[test]
fn each_coding_says_the_same_and_has_a_tag_of_its_own() {
    let data = folder();
    let server = Server::start(data.path());
    let style = get(&server, "/docs", "").plain();
    let style = String::from_utf8(style).expect("pages are text");
    let style =
        style.split("href=\"").find(|part| part.starts_with("/docs/assets/docs-") && part.contains(".css"));
    let style = style.expect("a style").split('"').next().expect("its address").to_owned();
    for path in [
        "/docs",
        "/docs/security",
        "/docs/security.md",
        "/openapi/v2.json",
        "/docs/search?q=key",
        "/docs/nothing",
        "/login",
        &style,
    ] {
        let plain = get(&server, path, "identity");
        assert_eq!(
            (plain.header("content-encoding"), plain.header("vary")),
            ("", "accept-encoding"),
            "{path}"
        );
        let mut tags = vec![plain.header("etag").to_owned()];
        for coding in CODINGS {
            let coded = get(&server, path, coding);
            assert_eq!((coded.status, coded.header("content-encoding")), (plain.status, coding), "{path}");
            assert_eq!(coded.header("vary"), "accept-encoding", "{path}");
            assert_eq!(coded.header("content-type"), plain.header("content-type"), "{path}");
            assert!(coded.body.len() * 2 < plain.body.len(), "{path} {coding}: {}", coded.body.len());
            if path != "/login" {
                assert!(coded.plain() == plain.body, "{path} {coding}");
            }
            let head = ask(&server, "HEAD", path, &format!("Accept-Encoding: {coding}\r\n"));
            for name in ["content-encoding", "etag", "vary"] {
                assert_eq!(head.header(name), coded.header(name), "{path} {coding} {name}");
            }
            tags.push(coded.header("etag").to_owned());
        }
        if !plain.header("etag").is_empty() {
            assert_conditional(&server, path, &tags);
        }
    }
}

/// Whoever has one form of a document is told so when asking for that form, and gets
/// another one when asking for another.
fn assert_conditional(server: &Server, path: &str, tags: &[String]) {
    let forms = [&["identity"][..], &CODINGS].concat();
    for (accepted, own) in forms.iter().zip(tags) {
        for tag in tags {
            let more = format!("Accept-Encoding: {accepted}\r\nIf-None-Match: {tag}\r\n");
            let answer = ask(server, "GET", path, &more);
            let (status, bytes) = if tag == own { (304, 0) } else { (200, answer.body.len()) };
            assert_eq!((answer.status, answer.body.len()), (status, bytes), "{path} {accepted} {tag}");
            let headers = (answer.header("etag"), answer.header("vary"));
            assert_eq!(headers, (own.as_str(), "accept-encoding"), "{path}");
        }
        let more = format!("Accept-Encoding: {accepted}\r\nIf-None-Match: {}\r\n", tags.join(", "));
        assert_eq!(ask(server, "GET", path, &more).status, 304);
    }
}

#[test]
fn whatever_a_client_accepts_it_is_answered() {
    let data = folder();
    let server = Server::start(data.path());
    // A head has a bound of its own.
    let many = "a,".repeat(10_000);
    let endless = "x".repeat(20_000);
    for (accepted, coding) in [
        ("*;q=0", ""),
        ("identity;q=0", ""),
        ("identity;q=0, *;q=0", ""),
        ("gzip;q=0, br;q=0, zstd;q=0, *", ""),
        ("*", "br"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0.9", "gzip"),
        ("deflate", ""),
        (";;;,,,=q;gzip;q=", ""),
        ("gzip;q=nan, br;q=1e9", ""),
        ("\u{1}", ""),
        ("\u{e4}\u{f6}", ""),
        (&many, ""),
        (&endless, ""),
    ] {
        let answer = get(&server, "/docs", accepted);
        let shown = &accepted[..accepted.len().min(40)];
        // A control character is no header at all.
        if accepted == "\u{1}" {
            assert_eq!(answer.status, 400);
            continue;
        }
        assert_eq!((answer.status, answer.header("content-encoding")), (200, coding), "{shown}");
        assert!(!answer.plain().is_empty());
    }
    let ranged = ask(&server, "GET", "/openapi/v2.json", "Range: bytes=0-9\r\nAccept-Encoding: gzip\r\n");
    assert_eq!((ranged.status, ranged.header("accept-ranges")), (200, ""), "there are no ranges");
    assert_eq!(ranged.header("content-range"), "");
}

#[test]
fn answers_of_the_apis_are_compressed_from_a_kib_on() {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    let (_, short) = server.key(&api, json!({}));
    let (id, long) = server.key(&api, json!({ "meta": { "note": "a customer wrote this ".repeat(100) } }));
    for coding in CODINGS {
        let accepted = format!("Accept-Encoding: {coding}\r\n");
        for (key, expected) in [(&short, ""), (&long, coding)] {
            let answer = call(&server, VERIFY, &accepted, json!({ "key": key }).to_string().as_bytes());
            assert_eq!((answer.status, answer.header("content-encoding")), (200, expected));
            assert_eq!(answer.header("vary"), if expected.is_empty() { "" } else { "accept-encoding" });
            let body: Value = serde_json::from_slice(&answer.plain()).expect("JSON");
            assert_eq!(body["data"]["code"], "VALID");
        }
        let path = format!("/v1/keys.getKey?keyId={id}");
        let answer = ask(&server, "GET", &path, &format!("{accepted}Authorization: Bearer {ROOT_KEY}\r\n"));
        assert_eq!((answer.status, answer.header("content-encoding")), (200, coding));
        assert!(serde_json::from_slice::<Value>(&answer.plain()).is_ok());
    }
}

#[test]
fn a_coded_request_is_refused_before_it_is_read() {
    let data = folder();
    let server = Server::start_with_settings(data.path(), &SETTINGS);
    let plain = br#"{"key":"nothing"}"#;
    let coded = zstd::stream::encode_all(&plain[..], 3).expect("it compresses");
    for coding in ["zstd", "gzip", "br", "deflate", "identity, gzip", "nonsense"] {
        for body in [&plain[..], &coded] {
            let answer = call(&server, VERIFY, &format!("Content-Encoding: {coding}\r\n"), body);
            assert_eq!((answer.status, answer.header("accept-encoding")), (415, "identity"), "{coding}");
            let body: Value = serde_json::from_slice(&answer.body).expect("the envelope of v2");
            let kind = body["error"]["type"].as_str().expect("a type");
            assert!(kind.ends_with("/docs/errors/user/bad_request/unsupported_content_encoding"), "{kind}");
        }
    }
    for coding in ["identity", "Identity", ""] {
        assert_eq!(
            call(&server, VERIFY, &format!("Content-Encoding: {coding}\r\n"), plain).status,
            200,
            "{coding}"
        );
    }
    let gzip = "Content-Encoding: gzip\r\n";
    let refused = |path: &str, headers: &str| {
        let answer = call(&server, path, &format!("{gzip}{headers}"), plain);
        assert_eq!((answer.status, answer.header("accept-encoding")), (415, "identity"), "{path}");
        answer.body
    };
    let json = |body: &[u8]| serde_json::from_slice::<Value>(body).expect("JSON");
    assert_eq!(json(&refused("/v1/keys.verifyKey", ""))["error"]["code"], "BAD_REQUEST");
    let accept = "Accept: application/json, text/event-stream\r\n";
    assert_eq!(json(&refused("/mcp", accept))["jsonrpc"], "2.0");
    assert_eq!(json(&refused("/oauth/register", ""))["error"], "invalid_request");
    assert!(String::from_utf8_lossy(&refused("/login", "")).contains("content encoding"));
    // Nobody waits for a body that is refused anyway.
    let mut polite = server.connect();
    polite.send(format!(
        "POST {VERIFY} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {ROOT_KEY}\r\nExpect: 100-continue\r\n{gzip}\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    ));
    assert_eq!(read(&mut polite, "POST", |_| true).status, 415);
}

/// The cookies of the owner, signed in by curl.
fn sign_in(server: &Server, folder: &Path) -> String {
    let jar = folder.join("jar");
    let curl = |arguments: &[&str]| {
        let login = format!("{}/login", server.base);
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-b"]).arg(&jar).arg("-c").arg(&jar).args(arguments).arg(login);
        let said = curl.output().expect("curl is there").stdout;
        String::from_utf8(said).expect("pages are text")
    };
    let page = curl(&[]);
    let token =
        page.split("name=\"csrf\"").nth(1).expect("a form").split('"').nth(1).expect("a value").to_owned();
    let fields = [("csrf", token.as_str()), ("email", SETTINGS[0].1), ("password", SETTINGS[1].1)];
    let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    curl(&fields.iter().flat_map(|field| ["--data-urlencode", field]).collect::<Vec<_>>());
    let lines = std::fs::read_to_string(&jar).expect("curl wrote it");
    let fields = lines.lines().map(|line| line.split('\t').skip(5).collect::<Vec<_>>());
    fields.filter(|fields| fields.len() == 2).map(|fields| fields.join("=")).collect::<Vec<_>>().join("; ")
}

fn make_keys(server: &Server, count: usize) {
    let api = server.api();
    for start in (0..count).step_by(100) {
        let keys: Vec<_> = (start..start + 100)
            .map(|number| {
                json!({ "apiId": api, "start": format!("k{number}"), "name": format!("key of customer {number}"),
                        "hash": { "value": format!("{number:0>42}0="), "variant": "sha256_base64" } })
            })
            .collect();
        let body = Value::from(keys).to_string();
        let made = call(server, "/v1/migrations.createKeys", "", body.as_bytes());
        assert_eq!(made.status, 200, "{}", String::from_utf8_lossy(&made.body));
    }
}

#[test]
fn exports_are_streams_that_end_with_their_readers() {
    let data = folder();
    let server = Server::start_with_settings(data.path(), &SETTINGS);
    make_keys(&server, 3000);
    let cookies = sign_in(&server, data.path());
    let export = |accepted: &str| {
        let mut connection = server.connect();
        connection.send(format!(
            "GET /export?what=keys&download=1 HTTP/1.1\r\nHost: test\r\nCookie: {cookies}\r\n\
             Accept-Encoding: {accepted}\r\n\r\n"
        ));
        connection
    };
    let plain = read(&mut export("identity"), "GET", |_| true);
    assert_eq!((plain.status, plain.header("content-encoding")), (200, ""));
    assert!(plain.is_whole && plain.body.iter().filter(|byte| **byte == b'\n').count() > 3000);
    for coding in CODINGS {
        let coded = read(&mut export(coding), "GET", |_| true);
        assert_eq!((coded.header("content-encoding"), coded.header("content-length")), (coding, ""));
        assert!(coded.is_whole && coded.body.len() * 3 < plain.body.len(), "{coding}: {}", coded.body.len());
        assert!(coded.plain() == plain.body, "{coding}");
        // The first rows are there before the last ones were read.
        let first = read(&mut export(coding), "GET", |body| decoded(coding, body).len() < 1000);
        let rows = first.plain();
        assert!(
            !first.is_whole && rows.len() < plain.body.len() && plain.body.starts_with(&rows),
            "{coding}"
        );
    }
    // More clients than there are places for encoders go away before they read anything.
    for _ in 0..3 {
        drop((0..20).map(|_| export("gzip")).collect::<Vec<_>>());
    }
    eventually("places for encoders", || {
        let coded = read(&mut export("gzip"), "GET", |_| true);
        assert!(coded.is_whole && coded.plain() == plain.body);
        (coded.header("content-encoding") == "gzip").then_some(())
    });
}
