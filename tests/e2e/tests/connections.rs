//! Clients that are slow, silent, greedy or gone: each is waited for so long and no
//! longer, and costs the others nothing.

use std::thread::sleep;
use std::time::Duration;

use e2e::{ROOT_KEY, Raw, Server, eventually, folder};
use serde_json::json;

const SOON: &str = "300";
const PAUSE: Duration = Duration::from_millis(50);

fn post(body_length: usize) -> String {
    format!(
        "POST /v2/keys.verifyKey HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {ROOT_KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {body_length}\r\n\r\n"
    )
}

#[test]
fn the_head_of_a_request_has_a_deadline() {
    let data = folder();
    let server = Server::start_with_settings(data.path(), &[("UNKEY_HEAD_TIMEOUT_MS", SOON)]);
    let mut silent = server.connect();
    let mut endless = server.connect();
    endless.send("GET /livez HTTP/1.1\r\nHost: test\r\n");
    let mut second = server.connect();
    assert_eq!(second.get("/livez").expect("an answer").status, 200);
    second.send("GET /livez HT");
    eventually("a head that drips without end to be refused", || {
        sleep(PAUSE);
        (!endless.send("X-More: and more\r\n")).then_some(())
    });
    assert!(endless.is_ended() && silent.is_ended() && second.is_ended());
    let mut preface = server.connect();
    preface.send("PRI * HTTP/2.0\r\n\r\n");
    assert!(preface.is_ended());
}

#[test]
fn an_idle_connection_is_closed_and_a_new_one_is_served() {
    let data = folder();
    let server = Server::start_with_settings(data.path(), &[("UNKEY_IDLE_TIMEOUT_MS", SOON)]);
    let mut kept = server.connect();
    for _ in 0..3 {
        assert_eq!(kept.get("/livez").expect("an answer").status, 200);
        sleep(2 * PAUSE);
    }
    assert!(kept.is_ended());
    assert_eq!(server.get("/livez").0, 200);
}

#[test]
fn a_body_may_be_slow_and_not_stall() {
    let data = folder();
    let server = Server::start_with_settings(data.path(), &[("UNKEY_BODY_TIMEOUT_MS", SOON)]);
    let mut stalled = server.connect();
    stalled.send(post(1000) + "{\"key\":");
    let answer = stalled.answer().expect("an answer");
    assert_eq!(answer.status, 408, "{answer:?}");
    assert!(answer.body.contains("request_timeout") && answer.body.contains("\"requestId\""), "{answer:?}");
    assert!(stalled.is_ended());

    let body = json!({ "key": "none", "tags": vec!["a".repeat(100); 40] }).to_string();
    let mut slow = server.connect();
    slow.send(post(body.len()));
    // Above a KiB a second, for several times the longest pause.
    for piece in body.as_bytes().chunks(200) {
        slow.send(piece);
        sleep(PAUSE);
    }
    assert_ne!(slow.answer().expect("an answer").status, 408);
}

#[test]
fn an_answer_that_nobody_reads_is_given_up() {
    let data = folder();
    let server = Server::start_with_settings(data.path(), &[("UNKEY_ANSWER_TIMEOUT_MS", SOON)]);
    let mut greedy = server.connect();
    let ask = "GET /openapi/v2.json HTTP/1.1\r\nHost: test\r\n\r\n".repeat(200);
    greedy.send(&ask);
    eventually("the server to give up", || {
        sleep(PAUSE);
        (!greedy.send("GET /livez HTTP/1.1\r\n")).then_some(())
    });
    let mut reader = server.connect();
    for _ in 0..3 {
        sleep(3 * PAUSE);
        assert!(reader.get("/openapi/v2.json").expect("an answer").body.len() > 50_000);
    }
}

#[test]
fn connections_have_a_bound_and_health_can_still_be_asked_after() {
    let data = folder();
    let server = Server::start_with_settings(
        data.path(),
        &[("UNKEY_MAX_CONNECTIONS", "8"), ("UNKEY_MAX_CONNECTIONS_PER_ADDRESS", "4")],
    );
    let mut held: Vec<Raw> = (0..4).map(|_| server.connect()).collect();
    for connection in &mut held {
        assert_eq!(connection.get("/livez").expect("an answer").status, 200);
    }
    let health = server.connect().get("/readyz").expect("an answer");
    assert_eq!((health.status, health.header("connection")), (200, "close"));
    let mut beyond = server.connect();
    beyond.send(post(2) + "{}");
    let refused = beyond.answer().expect("an answer");
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"), "{refused:?}");
    assert!(
        refused.body.contains("service_unavailable") && refused.body.contains("\"requestId\""),
        "{refused:?}"
    );
    assert!(beyond.is_ended());
    let mut waiting: Vec<Raw> = (0..4).map(|_| server.connect()).collect();
    let crowd = server.connect().answer().expect("an answer, even without a question");
    assert_eq!((crowd.status, crowd.body.as_str()), (503, "Too many connections.\n"));
    assert_eq!(held[0].get("/livez").expect("an answer").status, 200, "who has a place keeps it");
    held.clear();
    waiting.clear();
    eventually("a place", || {
        let answer = server.connect().get("/v2/liveness")?;
        (answer.status == 200).then_some(())
    });
}

#[test]
fn a_trusted_proxy_has_only_the_bound_of_all() {
    let data = folder();
    let settings = [
        ("UNKEY_TRUSTED_PROXIES", "127.0.0.1"),
        ("UNKEY_MAX_CONNECTIONS", "8"),
        ("UNKEY_MAX_CONNECTIONS_PER_ADDRESS", "1"),
    ];
    let server = Server::start_with_settings(data.path(), &settings);
    let mut held: Vec<Raw> = (0..8).map(|_| server.connect()).collect();
    for connection in &mut held {
        assert_eq!(connection.get("/v2/liveness").expect("an answer").status, 200);
    }
    assert_eq!(server.connect().get("/v2/liveness").expect("an answer").status, 503);
}

#[test]
fn a_server_with_few_files_takes_few_connections_and_serves_on() {
    let data = folder();
    let server = Server::start_with_open_files(data.path(), 160);
    let api = server.api();
    let mut crowd: Vec<Raw> = (0..400).map(|_| server.connect()).collect();
    for connection in &mut crowd {
        connection.send("GET /livez HTTP/1.1\r\n");
    }
    assert!(server.open_files() < 160, "{}", server.open_files());
    // Its own databases, and who asks at the control socket, find files to open.
    assert!(e2e::cli_ok(data.path(), &["api", "list"]).contains(&api));
    assert_eq!(crowd.len(), 400);
    crowd.clear();
    eventually("a place", || (server.connect().get("/v2/liveness")?.status == 200).then_some(()));
}

#[test]
fn without_a_file_left_the_server_rests_and_comes_back() {
    let data = folder();
    let server = Server::start(data.path());
    let limit = |files: usize| {
        let status = std::process::Command::new("prlimit")
            .arg(format!("--pid={}", server.pid()))
            .arg(format!("--nofile={files}:4096"))
            .status();
        assert!(status.expect("prlimit is part of util-linux").success());
    };
    let mut kept = server.connect();
    assert_eq!(kept.get("/livez").expect("an answer").status, 200);
    limit(server.open_files());
    let mut waiting = server.connect();
    waiting.send("GET /livez HTTP/1.1\r\nHost: test\r\n\r\n");
    let before = server.cpu_ticks();
    sleep(Duration::from_secs(1));
    let used = server.cpu_ticks() - before;
    assert!(used < 30, "{used} of 100 ticks used on nothing");
    assert_eq!(kept.get("/livez").expect("an answer").status, 200, "those it has are served");
    limit(1024);
    assert_eq!(waiting.answer().expect("an answer").status, 200);
}

#[test]
fn a_server_that_stops_ends_in_time_whatever_clients_do() {
    let data = folder();
    let server = Server::start(data.path());
    let mut head = server.connect();
    head.send("GET /livez HTTP/1.1\r\nHost: test\r\nX-A: ");
    let mut body = server.connect();
    body.send(post(1000) + "{\"key\":");
    let mut unread = server.connect();
    unread.send("GET /openapi/v2.json HTTP/1.1\r\nHost: test\r\n\r\n".repeat(200));
    let mut kept = server.connect();
    assert_eq!(kept.get("/livez").expect("an answer").status, 200);
    let silent = server.connect();
    let mut second_version = server.connect();
    second_version.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    let command = std::os::unix::net::UnixStream::connect(data.path().join("control.sock"));
    let mut command = command.expect("the server listens");
    std::io::Write::write_all(&mut command, b"{\"arguments\":").expect("the server reads");
    server.terminate();
    let (took, code) = server.ends();
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(code, Some(0));
    drop((head, body, unread, kept, silent, second_version, command));
}

#[test]
fn a_server_that_stops_finishes_what_it_began_and_refuses_the_rest() {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    let (_, key) = server.key(&api, json!({}));
    let text = json!({ "key": key }).to_string();
    let mut begun = server.connect();
    begun.send(post(text.len()) + &text[..5]);
    let mut kept: Vec<Raw> = (0..3).map(|_| server.connect()).collect();
    for connection in &mut kept {
        assert_eq!(connection.get("/livez").expect("an answer").status, 200);
    }
    server.terminate();
    let refused = eventually("the server to drain", || {
        let mut new = server.connect();
        new.send(post(text.len()) + &text);
        new.answer().filter(|answer| answer.status == 503)
    });
    assert_eq!((refused.header("retry-after"), refused.header("connection")), ("1", "close"), "{refused:?}");
    let mut page = server.connect();
    page.send("GET / HTTP/1.1\r\nHost: test\r\nAccept: text/html\r\n\r\n");
    let page = page.answer().expect("a page");
    assert_eq!((page.status, page.header("retry-after")), (503, "1"), "{page:?}");
    assert!(page.body.contains("Not at the moment"), "{page:?}");
    kept[0].send(post(text.len()) + &text);
    let refused = kept[0].answer().expect("an answer rather than a closed connection");
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"), "{refused:?}");
    assert_eq!(refused.header("connection"), "close");
    assert!(kept[0].is_ended());
    begun.send(&text[5..]);
    let done = begun.answer().expect("an answer");
    assert_eq!((done.status, done.header("connection")), (200, "close"), "{done:?}");
    assert!(done.body.contains("VALID"));
    assert!(begun.is_ended() && kept[1].is_ended());
    assert_eq!(server.ends().1, Some(0));
}

#[test]
fn an_answer_over_http2_that_nobody_reads_is_given_up() {
    let data = folder();
    let server = Server::start_with_settings(data.path(), &[("UNKEY_ANSWER_TIMEOUT_MS", SOON)]);
    let mut connection = server.connect();
    connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    // Settings: a window of nothing for every stream.
    connection.send([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
    // The head of a request: GET, http, a path, an authority.
    let mut head = vec![0x82, 0x86, 0x04, 16];
    head.extend_from_slice(b"/openapi/v2.json");
    head.extend_from_slice(&[0x01, 4]);
    head.extend_from_slice(b"test");
    let mut frame = vec![0, 0, u8::try_from(head.len()).expect("a short head"), 1, 5, 0, 0, 0, 1];
    frame.extend_from_slice(&head);
    connection.send(frame);
    assert!(connection.is_ended());
}

#[test]
fn commands_that_stick_hold_up_no_other() {
    let data = folder();
    let server = Server::start(data.path());
    let api = server.api();
    let stuck: Vec<_> = (0..8)
        .map(|_| {
            let socket = std::os::unix::net::UnixStream::connect(data.path().join("control.sock"));
            let mut socket = socket.expect("the server listens");
            std::io::Write::write_all(&mut socket, b"{").expect("the server reads");
            socket
        })
        .collect();
    assert!(e2e::cli_ok(data.path(), &["api", "list"]).contains(&api));
    drop(stuck);
}
