//! Certificates by ACME from a real authority: got, kept, renewed under load, and what
//! the server does when there is none to be had.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use e2e::pebble::{DOMAIN, Pebble};
use e2e::tls::Secured;
use e2e::{FAKETIME, Launch, MachineClock, Server, binary, eventually, folder, preloadable};
use rustls::version::TLS13;

const DAY_S: u32 = 86_400;

fn launch(data: &Path, pebble: &Pebble) -> Launch {
    let launch = Launch::new(data).listen(&pebble.listen());
    pebble.settings().into_iter().fold(launch, |launch, (name, value)| launch.env(name, value))
}

/// A connection of somebody who trusts the authority, and asks for the domain.
fn try_connect(pebble: &Pebble, root: &str, protocol: &str) -> Option<Secured> {
    Secured::connect_to(&pebble.listen(), DOMAIN, root, &[protocol], &[&TLS13]).ok()
}

#[track_caller]
fn connect(pebble: &Pebble, root: &str) -> Secured {
    eventually("a certificate", || try_connect(pebble, root, "http/1.1"))
}

fn check(server: &Server, data: &Path) -> Output {
    assert!(server.pid() > 0);
    Command::new(binary()).args(["healthcheck", "--data-dir"]).arg(data).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_certificate_is_got_kept_to_its_owner_and_found_again() {
    let (data, mut pebble) = (folder(), Pebble::new(90 * DAY_S).started());
    let root = pebble.root();
    let launch = launch(data.path(), &pebble).env("UNKEY_ACME_CONTACT", "ops@example.com");
    let server = launch.start();
    let mut first = connect(&pebble, &root);
    assert_eq!(first.get("/readyz"), Some(200));
    assert!(check(&server, data.path()).status.success());
    assert!(try_connect(&pebble, &root, "acme-tls/1").is_none(), "the challenge is over");
    for name in ["acme", "acme/account.json", &format!("acme/{DOMAIN}.pem")] {
        let mode = data.path().join(name).metadata().expect(name).permissions().mode() & 0o777;
        assert_eq!(mode, if name == "acme" { 0o700 } else { 0o600 }, "{name}");
    }
    let certificate = first.certificate();
    assert_eq!(server.stop(), Some(0));
    // The authority is gone, and not needed.
    pebble.stop();
    let server = launch.start();
    assert_eq!(connect(&pebble, &root).certificate(), certificate);
    assert_eq!(server.stop(), Some(0));
    // What was damaged is asked for again, by an account that the authority does not know any more.
    pebble.start();
    std::fs::write(data.path().join(format!("acme/{DOMAIN}.pem")), "nonsense").expect("a file");
    let _server = launch.env("UNKEY_ACME_CONTACT", "others@example.com").start();
    assert_ne!(connect(&pebble, &pebble.root()).certificate(), certificate);
}

/// Ends the load with the test, however that ends.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn renewal_happens_under_load_without_a_failed_request() {
    let (data, pebble) = (folder(), Pebble::new(12).started());
    let root = pebble.root();
    let _server = launch(data.path(), &pebble).start();
    let mut kept = connect(&pebble, &root);
    let (done, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut seen = vec![kept.certificate()];
    let ask = |connection: &mut Secured| {
        assert_eq!(connection.get("/livez"), Some(200), "after {}", asked.load(Ordering::Relaxed));
        asked.fetch_add(1, Ordering::Relaxed);
    };
    std::thread::scope(|scope| {
        let _ended = Ended(&done);
        for _ in 0..2 {
            // Each on a connection of its own, whose certificate is checked.
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    ask(&mut try_connect(&pebble, &root, "http/1.1").expect("a connection"));
                }
            });
        }
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                ask(&mut kept);
            }
        });
        while seen.len() < 4 {
            let shown = eventually("another certificate", || {
                std::thread::sleep(Duration::from_millis(50));
                let shown = try_connect(&pebble, &root, "http/1.1")?.certificate();
                (!seen.contains(&shown)).then_some(shown)
            });
            seen.push(shown);
        }
    });
    assert!(asked.load(Ordering::Relaxed) > 200, "{asked:?} requests");
}

#[test]
fn an_authority_that_fails_is_named_and_what_is_there_is_served_on() {
    let (data, mut pebble) = (folder(), Pebble::new(9));
    let log = data.path().join("log");
    let launch = launch(data.path(), &pebble).log(&log).env("UNKEY_LOG_LEVEL", "info");
    let logged = |words: &[&str]| {
        eventually(words[0], || {
            let log = std::fs::read_to_string(&log).ok()?;
            log.lines().any(|line| words.iter().all(|word| line.contains(word))).then_some(())
        });
    };
    // Not even who vouches for it is there.
    let server = launch.start();
    logged(&["ERROR", "there is no certificate yet", "ca.pem: there is no such file"]);
    let told = check(&server, data.path());
    assert!(!told.status.success() && text(&told.stderr).contains("ca.pem"), "{told:?}");
    // It is there, and not up.
    pebble.start();
    pebble.stop();
    server.signal("HUP");
    logged(&["ERROR", "no certificate for keys.example.com from https://127.0.0.1", "refused"]);
    // It is up, and asks somebody else.
    pebble.lead_to("127.0.0.2");
    pebble.start();
    server.signal("HUP");
    logged(&["ERROR", "does the name lead to port 443 of this server?"]);
    pebble.lead_to("127.0.0.1");
    pebble.start();
    server.signal("HUP");
    let root = pebble.root();
    let certificate = connect(&pebble, &root).certificate();
    // It goes away when the certificate has to be renewed: what is there is served, past its end.
    pebble.stop();
    logged(&["ERROR", "the one before it is served on", "refused"]);
    eventually("its end", || {
        std::thread::sleep(Duration::from_millis(100));
        try_connect(&pebble, &root, "http/1.1").is_none().then_some(())
    });
    let mut raw = Command::new("openssl");
    raw.args(["s_client", "-connect", &pebble.listen(), "-servername", DOMAIN, "-showcerts"]);
    let shown = raw.stdin(std::process::Stdio::null()).output().expect("openssl runs");
    let shown = text(&shown.stdout);
    assert!(shown.contains("BEGIN CERTIFICATE"), "it is served: {shown}");
    assert!(check(&server, data.path()).status.success());
    pebble.start();
    server.signal("HUP");
    assert_ne!(connect(&pebble, &pebble.root()).certificate(), certificate);
}

#[test]
fn a_clock_that_is_years_ahead_asks_once() {
    let (data, pebble, clock) =
        (folder(), Pebble::new(90 * DAY_S).started(), MachineClock::at("2046-03-01 14:00:00"));
    let log = data.path().join("log");
    let launch =
        launch(data.path(), &pebble).log(&log).preload(&[preloadable(FAKETIME)]).clock_file(&clock.file());
    let server = launch.start();
    connect(&pebble, &pebble.root());
    eventually("a word about the clock", || {
        let log = std::fs::read_to_string(&log).ok()?;
        log.contains("is that clock right?").then_some(())
    });
    let kept = || std::fs::read(data.path().join(format!("acme/{DOMAIN}.pem"))).expect("it was kept");
    let first = kept();
    assert_eq!(server.stop(), Some(0));
    let server = launch.start();
    // At least one look at it.
    eventually("the server", || try_connect(&pebble, &pebble.root(), "http/1.1"));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(kept(), first, "it is not asked for at every start");
    clock.set("2026-12-01 14:00:00");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn servers_that_are_killed_at_any_moment_get_their_certificate_in_the_end() {
    let (data, pebble) = (folder(), Pebble::new(90 * DAY_S).started());
    let launch = launch(data.path(), &pebble);
    for delay_ms in [0, 20, 40, 80, 120, 180, 250, 350] {
        let mut server = launch.start();
        std::thread::sleep(Duration::from_millis(delay_ms));
        server.kill();
        if let Ok(kept) = std::fs::read_to_string(data.path().join(format!("acme/{DOMAIN}.pem"))) {
            assert!(kept.contains("PRIVATE KEY") && kept.contains("END CERTIFICATE"), "it is whole");
        }
    }
    let server = launch.start();
    assert_eq!(connect(&pebble, &pebble.root()).get("/readyz"), Some(200));
    assert_eq!(server.stop(), Some(0));
}

/// Chromium trusts what is in this database of its user, beside its own authorities.
fn trusted_by(home: &Path, root: &str) {
    let database = home.join(".pki/nssdb");
    std::fs::create_dir_all(&database).expect("a folder");
    let (file, place) = (home.join("root.pem"), format!("sql:{}", database.display()));
    std::fs::write(&file, root).expect("a file");
    let certutil = |arguments: &[&str]| {
        let done = Command::new("certutil").args(["-d", &place]).args(arguments).output();
        let done = done.expect("certutil is of the Debian package libnss3-tools");
        assert!(done.status.success(), "{}", text(&done.stderr));
    };
    certutil(&["-N", "--empty-password"]);
    certutil(&["-A", "-t", "C,,", "-n", "pebble", "-i", &file.display().to_string()]);
}

#[test]
fn a_browser_reaches_the_dashboard() {
    let (data, home, pebble) = (folder(), folder(), Pebble::new(90 * DAY_S).started());
    let (email, password) = ("ada@example.com", "correct horse battery");
    let launch =
        launch(data.path(), &pebble).env("UNKEY_ADMIN_EMAIL", email).env("UNKEY_ADMIN_PASSWORD", password);
    let _server = launch.start();
    let root = pebble.root();
    connect(&pebble, &root);
    trusted_by(home.path(), &root);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../browser/https.mjs");
    let seen = Command::new("node")
        .arg(script)
        .args([&format!("https://{DOMAIN}:{}", pebble.port), email, password])
        .env("HOME", home.path())
        .env("RESOLVER", format!("MAP {DOMAIN} 127.0.0.1"))
        .output()
        .expect("node runs");
    assert!(seen.status.success(), "{}\n{}", text(&seen.stdout), text(&seen.stderr));
}
