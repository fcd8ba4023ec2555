//! What HTTP itself demands of a server, over a connection of one's own.

use std::thread::sleep;
use std::time::Duration;

use e2e::{ROOT_KEY, Server, folder};

#[test]
fn a_request_names_one_host() {
    let data = folder();
    let server = Server::start(data.path());
    for (head, status) in [
        ("GET /livez HTTP/1.1\r\n\r\n", 400),
        ("GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        ("GET /livez HTTP/1.0\r\n\r\n", 200),
    ] {
        let mut connection = server.connect();
        connection.send(head);
        assert_eq!(connection.answer().expect("an answer").status, status, "{head}");
        if status == 400 {
            assert!(connection.is_ended());
        }
    }
}

#[test]
fn heads_have_a_bound() {
    let data = folder();
    let server = Server::start(data.path());
    let many: String = (0..101).map(|number| format!("X-{number}: a\r\n")).collect();
    let cases = [
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(70_000)), [414, 431]),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(70_000)), [431, 431]),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), [431, 431]),
        ("GET / HTTP/1.1\r\nHost: a\r\nno header\r\n\r\n".to_owned(), [400, 400]),
    ];
    for (head, statuses) in cases {
        let mut connection = server.connect();
        connection.send(&head);
        let status = connection.answer().expect("an answer").status;
        assert!(statuses.contains(&status), "{status} to {}", &head[..60]);
        connection.finish();
        assert!(connection.is_ended());
    }
}

#[test]
fn requests_may_follow_one_another_before_they_are_answered() {
    let data = folder();
    let server = Server::start(data.path());
    let mut connection = server.connect();
    connection.send(
        "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n".repeat(40) + "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    for _ in 0..40 {
        assert_eq!(connection.answer().expect("an answer").body, "ok\n");
    }
    assert_eq!(connection.answer().expect("an answer").status, 404);
}

#[test]
fn a_body_that_is_too_large_is_refused_before_and_after_it_is_sent() {
    let data = folder();
    let server = Server::start_with_settings(data.path(), &[("UNKEY_MAX_BODY_BYTES", "1000")]);
    let head = |length: usize, more: &str| {
        format!(
            "POST /v2/keys.verifyKey HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {ROOT_KEY}\r\n{more}\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let mut polite = server.connect();
    polite.send(head(2_000, "Expect: 100-continue\r\n"));
    assert_eq!(polite.answer().expect("an answer").status, 413, "without a 100 before");

    // Who has begun to send hears of it, too, and not of a broken connection.
    let mut eager = server.connect();
    eager.send(head(4 << 20, ""));
    for _ in 0..4 {
        assert!(eager.send(vec![b' '; 1 << 20]));
        sleep(Duration::from_millis(50));
    }
    let refused = eager.answer().expect("an answer");
    assert_eq!(refused.status, 413);
    assert!(refused.body.contains("exceeds the limit of 1000 bytes"));

    let mut welcome = server.connect();
    welcome.send(head(2, "Expect: 100-continue\r\n"));
    assert_eq!(welcome.answer().expect("an answer").status, 100);
    welcome.send("{}");
    assert_eq!(welcome.answer().expect("an answer").status, 400);
}

#[test]
fn http2_is_spoken_with_whoever_begins_with_it_and_has_bounds() {
    let data = folder();
    let server = Server::start_with_settings(data.path(), &[("UNKEY_HEAD_TIMEOUT_MS", "300")]);
    let mut connection = server.connect();
    // The preface, and settings without a setting.
    connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    let frame = connection.some(9).expect("a frame");
    assert_eq!(frame[3], 4, "settings come first");
    let settings = connection.some(usize::from(frame[2])).expect("settings");
    let setting = |id: u8| {
        let found = settings.chunks(6).find(|setting| setting[1] == id).expect("the setting");
        found[2..].iter().fold(0, |value, byte| value << 8 | u32::from(*byte))
    };
    assert_eq!(setting(3), 64, "streams at once");
    assert_eq!(setting(6), 16 << 10, "bytes of a head");
    assert!(connection.is_ended(), "a connection without a request has a deadline");
    let asked = std::process::Command::new("curl")
        .args(["-sS", "--http2-prior-knowledge", "-w", "%{http_version}"])
        .arg(format!("{}/livez", server.base))
        .output()
        .expect("curl is there");
    assert_eq!(String::from_utf8_lossy(&asked.stdout), "ok\n2");
}

#[test]
fn a_head_is_a_get_without_the_body_and_a_wrong_method_is_told_the_right_ones() {
    let data = folder();
    let server = Server::start(data.path());
    for path in ["/livez", "/v2/liveness", "/v1/liveness", "/docs", "/login", "/openapi/v2.json"] {
        let mut connection = server.connect();
        let whole = connection.get(path).expect("an answer");
        connection.send(format!("HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let head = connection.answer_to("HEAD").expect("an answer");
        assert_eq!((head.status, whole.status), (200, 200), "{path}");
        assert_eq!(head.header("content-length"), whole.header("content-length"), "{path}");
        assert_eq!(connection.get("/livez").expect("an answer").body, "ok\n", "no body was sent to {path}");
    }
    for (method, path, allowed) in [
        ("POST", "/livez", "GET, HEAD"),
        ("PUT", "/login", "GET, HEAD, POST"),
        ("GET", "/logout", "POST"),
        ("GET", "/v2/keys.verifyKey", "POST"),
        ("DELETE", "/v2/liveness", "GET, HEAD"),
    ] {
        let mut connection = server.connect();
        connection.send(format!("{method} {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
        let refused = connection.answer().expect("an answer");
        assert_eq!((refused.status, refused.header("allow")), (405, allowed), "{method} {path}");
    }
    let asked = std::process::Command::new("curl")
        .args(["-sSI", "--http2-prior-knowledge"])
        .arg(format!("{}/livez", server.base))
        .output()
        .expect("curl is there");
    assert!(String::from_utf8_lossy(&asked.stdout).contains("content-length: 3"), "{asked:?}");
}
