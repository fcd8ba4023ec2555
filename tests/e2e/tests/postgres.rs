//! A server whose database is Postgres: what it promises while that is killed, stands
//! still, is cut off at any byte, is not who it should be, or is shared with others.

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::postgres::{Database, Pooler, Proxy, authority};
use e2e::{Answer, Launch, Random, Server, eventually, folder};
use serde_json::json;
use tempfile::TempDir;

/// Bytes that a master key is made of.
const MASTER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn launch(data: &TempDir, url: &str) -> Launch {
    Launch::new(data.path())
        .env("UNKEY_DATABASE_URL", url)
        .env("UNKEY_MASTER_KEY", MASTER_KEY)
        // So that a server that stands still is given up soon.
        .env("UNKEY_DATABASE_TIMEOUT_MS", "1000")
}

fn verify(server: &Server, key: &str) -> Answer {
    server.call("keys.verifyKey", &json!({ "key": key }))
}

fn code(answer: &Answer) -> &str {
    answer.body["data"]["code"].as_str().unwrap_or_default()
}

/// What holds while the database is away, however it is, and when it is back.
fn survives(leave: impl Fn(&Proxy)) {
    let (database, data) = (Database::create(), folder());
    let proxy = Proxy::before(&database);
    let server = launch(&data, &database.url_by(&proxy)).start();
    let api = server.api();
    let limits = json!([{ "name": "requests", "limit": 3, "duration": 86_400_000, "autoApply": true }]);
    let (_, cached) = server.key(&api, json!({ "ratelimits": limits }));
    let (_, uncached) = server.key(&api, json!({}));
    let (spent_id, spent) = server.key(&api, json!({ "credits": { "remaining": 100 } }));
    assert_eq!([server.verify(&cached), server.verify(&spent)], ["VALID", "VALID"]);

    leave(&proxy);
    // Whoever comes first finds out.
    assert_eq!(verify(&server, &uncached).status, 503, "an uncached key is not said to be unknown");
    assert_eq!(verify(&server, "nobody_made_this").status, 503);
    // One load answers for all who ask for the same key: none waits for the others' tries.
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..20).map(|_| scope.spawn(|| verify(&server, &uncached).status)).collect();
        asked.into_iter().for_each(|answer| assert_eq!(answer.join().expect("an answer"), 503));
    });
    assert_eq!(code(&verify(&server, &cached)), "VALID");
    assert_eq!(verify(&server, &spent).status, 503, "nothing is granted that is not paid");
    assert_eq!(server.call("apis.createApi", &json!({ "name": "lost" })).status, 503);
    assert_eq!(code(&verify(&server, &cached)), "VALID");
    assert_eq!(code(&verify(&server, &cached)), "RATE_LIMITED", "limits go on counting");
    let (status, body) = server.get("/readyz");
    assert!(status == 200 && body.starts_with("degraded"), "{status} {body}");

    proxy.pass();
    eventually("the database to be found again", || (verify(&server, &uncached).status == 200).then_some(()));
    assert_eq!(server.verify(&uncached), "VALID");
    assert_eq!(server.verify("nobody_made_this"), "NOT_FOUND");
    assert_eq!(server.verify(&spent), "VALID");
    eventually("changes to be stored again", || (server.get("/readyz").1 == "ready\n").then_some(()));
    let left = server.call("keys.getKey", &json!({ "keyId": spent_id })).data();
    // The one that failed may have been paid before the answer was lost.
    let left = left["credits"]["remaining"].as_i64().expect("a number");
    assert!((97..=98).contains(&left), "{left}");
    assert_eq!(database.ask("SELECT count(*) FROM apis WHERE name = 'lost'"), "0");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_database_that_is_killed_costs_what_needs_it_and_nothing_else() {
    survives(Proxy::refuse);
}

#[test]
fn a_database_that_stands_still_costs_what_needs_it_and_nothing_else() {
    survives(Proxy::stall);
}

#[test]
fn one_connection_that_was_cut_speaks_for_the_idle_ones() {
    let (database, data) = (Database::create(), folder());
    let server = launch(&data, &database.url()).start();
    let api = server.api();
    let (_, key) = server.key(&api, json!({ "credits": { "remaining": 100 } }));
    // As many connections as change something at once.
    std::thread::scope(|scope| {
        (0..8).for_each(|_| drop(scope.spawn(|| server.key(&api, json!({})))));
    });
    database.ask(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    let statuses: Vec<u16> = (0..8).map(|_| verify(&server, &key).status).collect();
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert!(refused <= 1, "{statuses:?}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn connections_cut_at_any_byte_leave_what_was_answered() {
    let (database, data) = (Database::create(), folder());
    let proxy = Proxy::before(&database);
    let server = launch(&data, &database.url_by(&proxy)).start();
    let api = server.api();
    let (id, key) = server.key(&api, json!({ "credits": { "remaining": 1_000_000 } }));
    let (mut random, mut spent, mut doubtful) = (Random(7), 0, 0);
    let mut outcomes = BTreeMap::new();
    for round in 0..150 {
        eventually("the database to be found again", || (verify(&server, "x").status == 200).then_some(()));
        proxy.cut_after(random.below(4500) as usize);
        let slug = format!("p{round}");
        let made = server.call("permissions.createPermission", &json!({ "name": slug, "slug": slug }));
        assert!([200, 503].contains(&made.status), "{made:?}");
        outcomes.insert(slug, made.status);
        match verify(&server, &key) {
            answer if answer.status == 200 => spent += 1,
            answer => {
                assert_eq!(answer.status, 503, "{answer:?}");
                doubtful += 1;
            }
        }
    }
    proxy.pass();
    eventually("the database to be found again", || (verify(&server, "x").status == 200).then_some(()));
    for (slug, status) in &outcomes {
        let stored = database.ask(&format!("SELECT count(*) FROM permissions WHERE slug = '{slug}'"));
        // A commit whose answer was lost is asked for: what is refused is not there.
        assert_eq!(stored, if *status == 200 { "1" } else { "0" }, "{slug} was answered {status}");
    }
    let entries = database.ask("SELECT count(*) FROM audit_log WHERE event = 'permission.create'");
    let made = outcomes.values().filter(|status| **status == 200).count();
    assert_eq!(entries, made.to_string(), "each change has its entry");
    let left: i64 =
        database.ask(&format!("SELECT remaining FROM keys WHERE id = '{id}'")).parse().expect("a number");
    let gone = 1_000_000 - left;
    assert!((spent..=spent + doubtful).contains(&gone), "{gone} gone, {spent} answered, {doubtful} in doubt");
    assert!(made > 5 && made < 145 && doubtful > 5, "the cuts met nothing: {made} made, {doubtful} in doubt");
}

#[test]
fn a_server_that_is_not_who_it_should_be_is_refused() {
    let (database, data) = (Database::create(), folder());
    let by_name = database.url().replace("127.0.0.1", "localhost");
    let refused = |address: String| {
        launch(&data, &address).try_start(Duration::from_secs(30)).err().expect("it is refused");
    };
    // Whose authority nobody here trusts, and of another host.
    refused(format!("{by_name}?sslmode=verify-full"));
    refused(format!("{}?sslmode=verify-full&sslrootcert={}", database.url(), authority()));
    assert_eq!(
        database.ask("SELECT count(*) FROM pg_tables WHERE tablename = 'keys'"),
        "0",
        "nothing was sent"
    );
    let address = format!("{by_name}?sslmode=verify-full&sslrootcert={}", authority());
    let server = launch(&data, &address).start();
    let encrypted = database.ask(
        "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'unkey' \
         AND datname = current_database()",
    );
    assert_eq!(encrypted, "t");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_folder_with_a_database_of_its_own_is_not_started_on_another() {
    let (database, data) = (Database::create(), folder());
    assert_eq!(Server::start(data.path()).stop(), Some(0));
    launch(&data, &database.url()).try_start(Duration::from_secs(30)).err().expect("it is refused");
    assert_eq!(database.ask("SELECT count(*) FROM pg_tables WHERE tablename = 'keys'"), "0");
}

#[test]
fn of_two_that_start_at_once_one_makes_the_first_workspace() {
    let (database, folders) = (Database::create(), [folder(), folder()]);
    std::thread::scope(|scope| {
        for data in &folders {
            scope.spawn(|| assert_eq!(launch(data, &database.url()).start().stop(), Some(0)));
        }
    });
    assert_eq!(database.ask("SELECT count(*) FROM workspaces"), "1");
    assert_eq!(database.ask("SELECT count(*) FROM root_keys"), "1");
}

/// Settings of a role whose connections come by a pooler, as docs/postgres.md asks for them.
const BOUNDS: &str = "ALTER ROLE postgres IN DATABASE {} SET statement_timeout = '10s'; \
    ALTER ROLE postgres IN DATABASE {} SET idle_in_transaction_session_timeout = '30s'; \
    ALTER ROLE postgres IN DATABASE {} SET client_connection_check_interval = '1s'";

#[test]
fn a_pooler_that_breaks_a_promise_is_refused_in_a_sentence() {
    let (database, data) = (Database::create(), folder());
    let log = data.path().with_extension("log");
    let start = |settings: &str| {
        let pooler = Pooler::before(&database, settings);
        let _ = std::fs::remove_file(&log);
        let server = launch(&data, &pooler.url()).log(&log).try_start(Duration::from_secs(30));
        (server, pooler)
    };
    let refused_with = |settings: &str| {
        start(settings).0.err().expect("it is refused");
        std::fs::read_to_string(&log).expect("it said why")
    };
    let ignoring = "ignore_startup_parameters = extra_float_digits, options";
    let said = refused_with(ignoring);
    assert!(said.contains("a pooler in front of it drops the bound on statements"), "{said}");
    database.ask(&BOUNDS.replace("{}", &database.name));
    if Pooler::release() < (1, 21) {
        let said = refused_with(ignoring);
        assert!(said.contains("use PgBouncer 1.21 or newer"), "{said}");
        assert_eq!(database.ask("SELECT count(*) FROM pg_tables WHERE tablename = 'keys'"), "0");
        return;
    }
    let said = refused_with(&format!("{ignoring}\nmax_prepared_statements = 0"));
    assert!(said.contains("use PgBouncer 1.21 or newer"), "{said}");
    let (server, _pooler) = start(&format!("{ignoring}\nmax_prepared_statements = 200"));
    let server = server.expect("it is new enough");
    let (_, key) = server.key(&server.api(), json!({ "credits": { "remaining": 100 } }));
    for _ in 0..50 {
        assert_eq!(code(&verify(&server, &key)), "VALID");
    }
    assert_eq!(server.stop(), Some(0));
}
