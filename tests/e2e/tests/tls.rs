//! HTTPS by the server's own certificate: which is served, when it changes, and what
//! strangers do with handshakes.

use std::fs::Permissions;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use e2e::tls::{Authority, Secured};
use e2e::{Launch, Raw, Server, binary, eventually, folder};
use rustls::version::{TLS12, TLS13};
use serde_json::json;

/// What a server says that must not start, in one line.
#[track_caller]
fn refused(data: &Path, settings: &[(&str, &str)]) -> String {
    let output = Command::new(binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data)
        .envs(settings.iter().copied())
        .output()
        .expect("the binary is built: run `cargo build` first");
    assert!(!output.status.success(), "it started");
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert!(!told.contains('\n'), "one line: {told}");
    told
}

fn connect(server: &Server, authority: &Authority) -> Secured {
    Secured::connect(server.address(), &authority.pem(), &["http/1.1"], &[&TLS13]).expect("a handshake")
}

#[test]
fn https_is_served_by_both_versions_and_both_protocols() {
    let (data, files, authority) = (folder(), folder(), Authority::default());
    let files = authority.write(files.path(), 2096);
    let server = Launch::new(data.path()).https(&authority, &files).start();
    assert!(server.base.starts_with("https://127.0.0.1:"), "{}", server.base);
    let (status, ready) = server.get("/readyz");
    assert!(status == 200 && ready.contains("certificate: good") && ready.contains("2096"), "{ready}");
    let api = server.api();
    let (_, key) = server.key(&api, json!({}));
    assert_eq!(server.verify(&key), "VALID");
    for versions in [&[&TLS12], &[&TLS13]] {
        for (offered, agreed) in
            [(&["h2", "http/1.1"][..], Some(&b"h2"[..])), (&["http/1.1"], Some(b"http/1.1")), (&[], None)]
        {
            let secured = Secured::connect(server.address(), &authority.pem(), offered, versions);
            assert_eq!(secured.expect("a handshake").protocol(), agreed);
        }
    }
    let none = Secured::connect(server.address(), &authority.pem(), &["spdy/1"], &[&TLS13]);
    assert!(none.is_err(), "a protocol that nobody speaks");
    let challenge = Secured::connect(server.address(), &authority.pem(), &["acme-tls/1"], &[&TLS13]);
    assert!(challenge.is_err(), "there is no challenge");
    let stranger = Secured::connect(server.address(), &Authority::default().pem(), &[], &[&TLS13]);
    assert!(stranger.is_err(), "another authority says nothing about it");
}

#[test]
fn links_cookies_and_redirects_are_of_https() {
    let (data, files, authority) = (folder(), folder(), Authority::default());
    let files = authority.write(files.path(), 2096);
    let launch = Launch::new(data.path()).https(&authority, &files);
    let server = launch
        .env("UNKEY_ADMIN_EMAIL", "a@example.com")
        .env("UNKEY_ADMIN_PASSWORD", "long enough for all")
        .start();
    let login = authority.agent().get(format!("{}/login", server.base)).call().expect("the page");
    let header =
        |name: &str| login.headers().get(name).map_or("", |value| value.to_str().expect("text")).to_owned();
    assert!(header("strict-transport-security").contains("max-age="), "{:?}", login.headers());
    let cookie = header("set-cookie");
    assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure"), "{cookie}");
    let link = e2e::cli_ok(data.path(), &["user", "invite", "--email", "b@example.com", "--role", "viewer"]);
    assert!(link.contains(&format!("{}/invites/", server.base)), "{link}");
}

#[test]
fn plain_http_is_told_or_sent_on() {
    let (data, files, authority) = (folder(), folder(), Authority::default());
    let files = authority.write(files.path(), 2096);
    let launch = Launch::new(data.path()).https(&authority, &files);
    let log = data.path().join("log");
    let server = launch.arguments(&["--http-listen", "127.0.0.1:0"]).log(&log).env("UNKEY_LOG_LEVEL", "info");
    let (server, said) = server.start_and_read();
    let mut plain = server.connect();
    let told = plain.get("/v2/liveness").expect("an answer");
    assert_eq!(told.status, 400, "{told:?}");
    assert!(told.body.contains("https://"), "{told:?}");
    assert!(plain.is_ended());

    let redirect = said.iter().find(|line| line.starts_with("Plain HTTP on ")).expect("where it listens");
    let redirect = redirect.split(' ').nth(3).expect("an address");
    for (request, path) in [
        ("GET /keys?a=b%20c HTTP/1.1\r\nHost: evil.example\r\n\r\n", "/keys?a=b%20c"),
        ("POST //evil.example/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", "//evil.example/x"),
        ("GET http://evil.example/x HTTP/1.1\r\nHost: evil.example\r\n\r\n", "/x"),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "/"),
    ] {
        let mut client = Raw::connect(redirect);
        client.send(request);
        let sent_on = client.answer().expect("an answer");
        assert_eq!(sent_on.status, 308, "{sent_on:?}");
        assert_eq!(sent_on.header("location"), format!("{}{path}", server.base));
        assert!(client.is_ended());
    }
}

#[test]
fn another_certificate_is_served_without_a_restart_and_a_broken_one_never() {
    let (data, folder_of_files, authority) = (folder(), folder(), Authority::default());
    let files = authority.write(folder_of_files.path(), 2096);
    let log = data.path().join("log");
    let server = Launch::new(data.path()).https(&authority, &files).log(&log).start();
    let mut kept = connect(&server, &authority);
    let first = kept.certificate();
    assert_eq!(kept.get("/livez"), Some(200));
    let ready = |word: &str| eventually(word, || server.get("/readyz").1.contains(word).then_some(()));

    files.put(authority.sign(2097));
    server.signal("HUP");
    ready("2097");
    let second = connect(&server, &authority).certificate();
    assert!(second != first && kept.get("/livez") == Some(200), "connections go on");

    // The key of another certificate, half a file, and none.
    std::fs::write(&files.key, authority.sign(2098).1).expect("a file");
    server.signal("HUP");
    ready("could not be renewed");
    std::fs::write(&files.certificate, "-----BEGIN CERTIFICATE-----\nMIIB").expect("a file");
    server.signal("HUP");
    let logged = |word: &str| {
        eventually(word, || std::fs::read_to_string(&log).is_ok_and(|log| log.contains(word)).then_some(()));
    };
    logged("is not the key of the certificate");
    logged("certificate.pem is no PEM file");
    std::fs::remove_file(&files.certificate).expect("a file");
    server.signal("HUP");
    logged("certificate.pem: there is no such file");
    assert_eq!(connect(&server, &authority).certificate(), second);

    // Put right, it is found without being told.
    files.put(authority.sign(2099));
    server.signal("HUP");
    ready("2099");
    assert!(!server.get("/readyz").1.contains("could not"));
    assert!(connect(&server, &authority).certificate() != second && kept.get("/livez") == Some(200));
}

#[test]
fn a_certificate_that_cannot_be_used_is_named_and_nothing_starts() {
    let (data, folder_of_files, authority) = (folder(), folder(), Authority::default());
    let files = authority.write(folder_of_files.path(), 2096);
    let settings = files.settings();
    let all: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for half in &all {
        assert!(refused(data.path(), &[*half]).contains("tls_certificate and tls_key belong together"));
    }
    std::fs::write(
        &files.key,
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    )
    .expect("a file");
    let told = refused(data.path(), &all);
    assert!(told.contains("tls_key: ") && told.contains("password"), "{told}");
    std::fs::write(&files.key, authority.sign(2096).1).expect("a file");
    assert!(refused(data.path(), &all).contains("is not the key of the certificate"));
    std::fs::remove_file(&files.key).expect("a file");
    assert!(refused(data.path(), &all).contains("key.pem: there is no such file"));
    std::fs::create_dir(&files.key).expect("a folder");
    assert!(refused(data.path(), &all).contains("key.pem: it is no file"));
    let plain = [all[0], all[1], ("UNKEY_PUBLIC_URL", "http://keys.example.com")];
    assert!(refused(data.path(), &plain).contains("public_url"));
    let redirect = refused(data.path(), &[("UNKEY_HTTP_LISTEN", "127.0.0.1:0")]);
    assert!(redirect.contains("http_listen") && redirect.contains("needs HTTPS"), "{redirect}");
    std::fs::set_permissions(folder_of_files.path(), Permissions::from_mode(0o700)).expect("a folder");
}

#[test]
fn a_handshake_has_a_deadline_and_keeps_nobody_from_stopping() {
    let (data, files, authority) = (folder(), folder(), Authority::default());
    let files = authority.write(files.path(), 2096);
    let launch = Launch::new(data.path()).https(&authority, &files);
    let server = launch.env("UNKEY_HEAD_TIMEOUT_MS", "300").start();
    let (silent, mut half) = (server.connect(), server.connect());
    half.send([22, 3, 1, 2, 0, 1, 0]);
    for mut client in [silent, half] {
        assert!(client.is_ended());
    }
    let mut nonsense = server.connect();
    nonsense.send([22, 3, 1, 0, 5, 99, 0, 0, 1, 0]);
    assert!(nonsense.is_ended());
    assert_eq!(server.get("/livez").0, 200);
    assert_eq!(server.stop(), Some(0));

    let server = Launch::new(data.path()).https(&authority, &files).start();
    let mut waiting: Vec<TcpStream> =
        (0..20).map(|_| TcpStream::connect(server.address()).expect("a connection")).collect();
    server.terminate();
    let (time, code) = server.ends();
    assert_eq!(code, Some(0));
    assert!(time < Duration::from_secs(4), "{time:?}");
    for client in &mut waiting {
        client.set_read_timeout(Some(Duration::from_secs(5))).expect("a timeout");
        let ended = match client.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        };
        assert!(ended);
    }
}

#[test]
fn handshakes_count_as_connections_and_health_can_still_be_asked_after() {
    let (data, files, authority) = (folder(), folder(), Authority::default());
    let files = authority.write(files.path(), 2096);
    let launch = Launch::new(data.path()).https(&authority, &files);
    let server = launch.env("UNKEY_MAX_CONNECTIONS_PER_ADDRESS", "4").start();
    let mut held: Vec<Raw> = (0..4).map(|_| server.connect()).collect();
    let mut beyond = connect(&server, &authority);
    assert_eq!(beyond.get("/readyz"), Some(200));
    let mut refused = connect(&server, &authority);
    assert_eq!(refused.get("/v2/liveness"), Some(503));
    held.clear();
    eventually("a place", || (connect(&server, &authority).get("/v2/liveness") == Some(200)).then_some(()));
}

#[test]
fn an_answer_over_tls_that_nobody_reads_is_given_up() {
    let (data, files, authority) = (folder(), folder(), Authority::default());
    let files = authority.write(files.path(), 2096);
    let launch = Launch::new(data.path()).https(&authority, &files);
    let server = launch.env("UNKEY_ANSWER_TIMEOUT_MS", "300").start();
    let mut greedy = connect(&server, &authority);
    let ask = "GET /openapi/v2.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(200);
    let _ = greedy.write_all(ask.as_bytes());
    eventually("the server to give up", || {
        std::thread::sleep(Duration::from_millis(50));
        greedy.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").is_err().then_some(())
    });
    assert_eq!(connect(&server, &authority).get("/openapi/v2.json"), Some(200));
}
