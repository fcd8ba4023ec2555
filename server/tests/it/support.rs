//! The app under test and the callers that use it.

use std::sync::Arc;

use base::access::{Door, OpCtx, Principal};
use base::clock::Clock;
use base::config::Config;
use base::entropy::Entropy;
use base::ids::ApiId;
use base::store::testing::postgres::{self, TestDatabase};
use base::store::{DataDir, Engine};
use domain::apis::SetApi;
use domain::root_keys::CreateRootKey;
use domain::workspaces::CreateWorkspace;
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderMap, StatusCode};
use poem::test::TestClient;
use poem::{EndpointExt, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use unkey::app::App;

use crate::compression::Accepting;

/// 2026-10-07 10:40:00 UTC, in the middle of a minute, an hour and a day.
pub const START_MS: i64 = 1_791_369_600_000;

/// Runs these tasks to their end, a few at a time: each has an app of its own.
pub async fn some_at_once<F: Future<Output = ()> + Send + 'static>(tasks: impl Iterator<Item = F>) {
    let mut running = tokio::task::JoinSet::new();
    for task in tasks {
        running.spawn(task);
        if running.len() >= 8 {
            running.join_next().await.expect("one runs").unwrap();
        }
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

pub struct TestApp {
    pub app: Arc<App>,
    pub client: TestClient<BoxEndpoint<'static, Response>>,
    pub root_key: String,
    _dir: TempDir,
    database: Option<TestDatabase>,
}

/// What goes on beside the requests ends before its database is gone, or it would look
/// for that for as long as the test runs.
impl Drop for TestApp {
    fn drop(&mut self) {
        let (app, database) = (self.app.clone(), self.database.take());
        if database.is_some() {
            tokio::spawn(async move {
                app.close().await.unwrap();
                drop(database);
            });
        }
    }
}

/// An answer: status, and the body as JSON.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
    pub content_type: String,
    headers: HeaderMap,
}

impl Answer {
    /// A header's text; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The data of a success; panics on anything else.
    #[track_caller]
    pub fn data(self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        self.body["data"].clone()
    }

    /// Asserts a failure with this status and error code (`data/key_not_found`).
    #[track_caller]
    pub fn fails(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        let kind = self.body["error"]["type"].as_str().unwrap_or_default();
        assert!(kind.ends_with(code), "{kind} is not {code}: {}", self.body);
        assert_eq!(self.body["error"]["status"], status);
        assert!(self.body["meta"]["requestId"].as_str().unwrap_or_default().starts_with("req_"));
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// An app with other settings than the defaults.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::for_tests(dir.path());
        // Many tests share few cores, and queries give way to all of them.
        config.analytics_seconds = 120;
        // Some tests start an app for each operation, and all at once.
        static STARTS: Semaphore = Semaphore::const_new(4);
        let _start = STARTS.acquire().await.unwrap();
        let mut database = None;
        if let Some(server) = postgres::server() {
            let made = TestDatabase::create(server).await;
            config.database = Some(made.server());
            database = Some(made);
        }
        change(&mut config);
        let data_dir = DataDir::acquire(dir.path()).unwrap().expect("a temporary folder is free");
        let app = App::open(config, Clock::manual(START_MS), Entropy::seeded(7), data_dir).await.unwrap();
        let client = TestClient::new(Accepting::before(unkey::http::routes(&app)).boxed());
        let mut test = Self { app, client, root_key: String::new(), _dir: dir, database };
        test.root_key = test.new_root_key(true, &[]).await;
        test
    }

    /// The operator, in the default workspace.
    pub async fn operator(&self) -> OpCtx {
        let workspace = self.app.workspaces.resolve(Some("default")).await.unwrap();
        self.app.cx(workspace.id, Principal::Cli, Door::Cli)
    }

    /// A root key with these permissions, or all of them.
    pub async fn new_root_key(&self, full: bool, permissions: &[&str]) -> String {
        let permissions = permissions.iter().map(|permission| (*permission).to_owned()).collect();
        let command = CreateRootKey {
            name: Some("test".into()),
            permissions,
            full,
            expires_at: None,
            ip_allowlist: None,
            limit_per_minute: None,
        };
        let (_, plaintext) = self.app.root_keys.create(&self.operator().await, command).await.unwrap();
        plaintext.reveal().to_owned()
    }

    /// A root key with every right in a second workspace.
    pub async fn root_key_of_another_workspace(&self) -> String {
        let command = CreateWorkspace { slug: "other".into(), name: "Other".into() };
        let other = self.app.workspaces.create(&self.operator().await, command).await.unwrap();
        let cx = self.app.cx(other.id, Principal::Cli, Door::Cli);
        let command = CreateRootKey {
            name: None,
            permissions: Vec::new(),
            full: true,
            expires_at: None,
            ip_allowlist: None,
            limit_per_minute: None,
        };
        self.app.root_keys.create(&cx, command).await.unwrap().1.reveal().to_owned()
    }

    /// Asserts that the entries of a request are one group: several share one
    /// correlation id, a single one has none.
    pub async fn assert_one_audit_group(&self, request: &str, entries: usize) {
        use sea_orm::{ConnectionTrait, Statement};
        let db = self.app.store.read();
        let sql = "SELECT COUNT(*) AS n, COUNT(DISTINCT correlation_id) AS groups, COUNT(correlation_id) AS linked \
                   FROM audit_log WHERE request_id = $1";
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [request.into()]);
        let row = db.query_one_raw(statement).await.unwrap().unwrap();
        let get = |column: &str| usize::try_from(row.try_get::<i64>("", column).unwrap()).unwrap();
        let linked = if entries > 1 { (1, entries) } else { (0, 0) };
        assert_eq!((get("n"), (get("groups"), get("linked"))), (entries, linked));
    }

    /// Has the next row of this table find no room on the disk.
    pub async fn fill_disk_once(&self, table: &str) {
        use sea_orm::ConnectionTrait;
        let db = self.app.store.database();
        let sql = match db.engine() {
            // Of the connection, which is replaced by one that finds room again.
            Engine::Sqlite => "PRAGMA max_page_count = 1".to_owned(),
            Engine::Postgres => format!(
                "CREATE SEQUENCE rows_refused; \
                 CREATE FUNCTION refuse_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 IF nextval('rows_refused') = 1 THEN RAISE 'no room' USING ERRCODE = 'disk_full'; END IF; \
                 RETURN NEW; END $$; \
                 CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_once()"
            ),
        };
        db.writer().execute_unprepared(&sql).await.unwrap();
    }

    /// Runs one statement without looking after references.
    pub async fn force_past_references(&self, sql: &str) {
        use sea_orm::ConnectionTrait;
        let db = self.app.store.database();
        let sql = match db.engine() {
            Engine::Sqlite => format!("PRAGMA foreign_keys = OFF; {sql}"),
            Engine::Postgres => {
                format!("SET session_replication_role = replica; {sql}; RESET session_replication_role")
            }
        };
        db.writer().execute_unprepared(&sql).await.unwrap();
    }

    /// Sets the clock, without time passing.
    pub fn step_ms(&self, by_ms: i64) {
        self.app.clock.step_ms(by_ms);
    }

    pub fn advance_ms(&self, by_ms: i64) {
        self.app.clock.advance_ms(by_ms);
    }

    /// Calls an operation with the full root key.
    pub async fn call(&self, operation: &str, body: Value) -> Answer {
        self.call_as(&self.root_key, operation, body).await
    }

    pub async fn call_as(&self, root_key: &str, operation: &str, body: Value) -> Answer {
        self.raw(operation, Some(&format!("Bearer {root_key}")), Some("application/json"), body.to_string())
            .await
    }

    /// Any request, well-formed or not.
    pub async fn raw(
        &self,
        operation: &str,
        authorization: Option<&str>,
        content_type: Option<&str>,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let mut request = self.client.post(format!("/v2/{operation}")).body(body.into());
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        answer(request.send().await.0).await
    }

    /// A call with an `Idempotency-Key`.
    pub async fn call_once(&self, operation: &str, key: &str, body: Value) -> Answer {
        let request = self.client.post(format!("/v2/{operation}")).body(body.to_string());
        let bearer = format!("Bearer {}", self.root_key);
        let request = request.header("authorization", bearer).header("idempotency-key", key);
        answer(request.header("content-type", "application/json").send().await.0).await
    }

    /// Leaves every claimed `Idempotency-Key` without its answer, as a crash
    /// between the two commits would.
    pub async fn lose_answers(&self) {
        use sea_orm::ConnectionTrait;
        let db = self.app.store.database().writer();
        db.execute_unprepared("UPDATE idempotency_keys SET response = NULL").await.unwrap();
    }

    /// How many audit entries of this event there are.
    pub async fn audit_events(&self, event: &str) -> i64 {
        use sea_orm::{ConnectionTrait, Statement};
        let db = self.app.store.read();
        let sql = "SELECT COUNT(*) AS n FROM audit_log WHERE event = $1";
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [event.into()]);
        db.query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap()
    }

    /// A call with one more header.
    pub async fn raw_with(&self, operation: &str, name: &str, value: &str, body: &Value) -> Answer {
        let request = self.client.post(format!("/v2/{operation}")).body(body.to_string());
        let request =
            request.header("authorization", format!("Bearer {}", self.root_key)).header(name, value);
        answer(request.header("content-type", "application/json").send().await.0).await
    }

    /// A call with a cookie and without a bearer token.
    pub async fn with_cookie(&self, operation: &str, cookie: &str, body: Value) -> Answer {
        let request = self.client.post(format!("/v2/{operation}")).body(body.to_string());
        let request = request.header("content-type", "application/json").header("cookie", cookie);
        answer(request.send().await.0).await
    }

    /// Waits until every event recorded so far is stored and searchable.
    pub async fn flush_events(&self) {
        use sea_orm::{ConnectionTrait, Statement};
        while self.app.recorder.health().waiting > 0 || self.app.recorder.health().storing_now {
            pause().await;
        }
        let db = self.app.events().reader();
        let sql = "SELECT COALESCE(MAX(id), 0) AS last FROM chunks";
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        let last: i64 = row.unwrap().try_get("", "last").unwrap();
        while self.app.search.cursor() < last {
            pause().await;
        }
    }

    /// For requests that are not calls of the API.
    pub fn client(&self) -> &TestClient<BoxEndpoint<'static, Response>> {
        &self.client
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.client.get(path).send().await.0).await
    }

    pub async fn api(&self) -> String {
        let data = self.call("apis.createApi", json!({ "name": "payments" })).await.data();
        data["apiId"].as_str().unwrap().to_owned()
    }

    /// Creates a key in `api` with these options; returns its id and plaintext.
    pub async fn key(&self, api: &str, mut options: Value) -> (String, String) {
        options["apiId"] = api.into();
        let data = self.call("keys.createKey", options).await.data();
        (data["keyId"].as_str().unwrap().to_owned(), data["key"].as_str().unwrap().to_owned())
    }

    /// Opts an API into recoverable keys, as the operator can.
    pub async fn set_recoverable(&self, api: &str) {
        let change = SetApi { recoverable: Some(true), ..SetApi::new(ApiId::from(api)) };
        self.app.apis.set(&self.operator().await, change).await.unwrap();
    }

    pub async fn verify(&self, key: &str) -> Value {
        self.verify_with(json!({ "key": key })).await
    }

    pub async fn verify_with(&self, body: Value) -> Value {
        self.call("keys.verifyKey", body).await.data()
    }

    /// How many audit entries there are.
    pub async fn audit_entries(&self) -> i64 {
        use sea_orm::{ConnectionTrait, Statement};
        let db = self.app.store.read();
        let sql = "SELECT COUNT(*) AS n FROM audit_log";
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        row.unwrap().try_get("", "n").unwrap()
    }

    /// Audit events of the last request that wrote any, oldest first.
    pub async fn last_audit(&self) -> Vec<String> {
        use sea_orm::{ConnectionTrait, Statement};
        let sql = "SELECT event FROM audit_log WHERE request_id = \
                   (SELECT request_id FROM audit_log ORDER BY seq DESC LIMIT 1) ORDER BY seq";
        let db = self.app.store.read();
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        rows.iter().map(|row| row.try_get("", "event").unwrap()).collect()
    }
}

/// A moment for the threads that give way to everybody: whoever waits for them
/// in a busy loop keeps them from the core.
pub async fn pause() {
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
}

pub async fn answer(response: Response) -> Answer {
    let status = response.status();
    let content_type = response.content_type().unwrap_or_default().to_owned();
    let headers = response.headers().clone();
    let bytes = response.into_body().into_vec().await.unwrap();
    Answer { status, content_type, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}
