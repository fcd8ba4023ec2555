//! A database of its own for a test, on the server that the run was given.
//!
//! `UNKEY_TEST_ENGINE=postgres` chooses it, `UNKEY_TEST_POSTGRES` says where the
//! server is; `tests/postgres.sh` starts one and sets both. A database is a copy
//! of one that has every migration, made once.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions, PgConnection};

use crate::config::DatabaseServer;
use crate::store::{Database, IfEmpty};

/// Held while the template is made, among the processes of a run.
const TEMPLATE_LOCK: i64 = 8_426_502;

/// Dropped with this.
pub struct TestDatabase {
    server: String,
    name: String,
}

/// The address of the server, where the run is one on Postgres.
#[expect(clippy::disallowed_methods, reason = "the engine of a run of tests is no setting of the program")]
pub fn server() -> Option<String> {
    let engine = std::env::var("UNKEY_TEST_ENGINE").unwrap_or_default();
    match engine.as_str() {
        "" | "sqlite" => None,
        "postgres" => Some(std::env::var("UNKEY_TEST_POSTGRES").expect("UNKEY_TEST_POSTGRES is not set")),
        other => panic!("UNKEY_TEST_ENGINE is {other}"),
    }
}

impl TestDatabase {
    pub async fn create(server: String) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let mut admin = connect(&server).await;
        let template = template(&mut admin, &server).await;
        run(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self { server, name }
    }

    pub fn server(&self) -> DatabaseServer {
        DatabaseServer::for_tests(url(&self.server, &self.name))
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A test may be in a runtime, which cannot be waited for in itself.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut admin = connect(&server).await;
                run(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            });
        });
        // The server ends with the run, and what was left there with it.
        let _ = dropping.join();
    }
}

/// The name of the database that others are copies of.
async fn template(admin: &mut PgConnection, server: &str) -> String {
    let mut versions = DefaultHasher::new();
    migration::App::POSTGRES_MIGRATIONS.iter().for_each(|migration| migration.sql.hash(&mut versions));
    let name = format!("template_{:016x}", versions.finish());
    let is_there =
        sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM pg_database WHERE datname = $1").bind(&name);
    if is_there.fetch_one(&mut *admin).await.unwrap() > 0 {
        return name;
    }
    sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut *admin).await.unwrap();
    let is_there =
        sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM pg_database WHERE datname = $1").bind(&name);
    if is_there.fetch_one(&mut *admin).await.unwrap() == 0 {
        let half_made = format!("{name}_half_made");
        run(admin, format!("DROP DATABASE IF EXISTS {half_made} WITH (FORCE)")).await;
        run(admin, format!("CREATE DATABASE {half_made}")).await;
        Database::connect(&DatabaseServer::for_tests(url(server, &half_made)), IfEmpty::Create)
            .await
            .unwrap()
            .close()
            .await
            .unwrap();
        run(admin, format!("ALTER DATABASE {half_made} RENAME TO {name}")).await;
    }
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(TEMPLATE_LOCK).execute(&mut *admin).await.unwrap();
    name
}

fn url(server: &str, name: &str) -> String {
    let (server, _) = server.rsplit_once('/').expect("an address of a server ends in the name of a database");
    format!("{server}/{name}")
}

async fn connect(server: &str) -> PgConnection {
    PgConnectOptions::from_str(server).unwrap().disable_statement_logging().connect().await.unwrap()
}

async fn run(admin: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(admin).await.unwrap();
}
