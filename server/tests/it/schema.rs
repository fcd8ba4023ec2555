//! `migration/schema.sql` is the reviewed dump of fully migrated databases.

use std::path::Path;

use base::store::{Database, Durability};
use sea_orm::{ConnectionTrait, Statement};

async fn dump<M: migration::Schema>(name: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open::<M>(&dir.path().join(name), Durability::Normal).await.unwrap();
    let db = database.reader();
    let sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' \
               AND tbl_name <> 'seaql_migrations' ORDER BY tbl_name, type DESC, name";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    let statements = rows.iter().map(|row| row.try_get::<String>("", "sql").unwrap() + ";\n");
    format!("-- {name}\n\n{}", statements.collect::<String>())
}

#[tokio::test]
async fn migrated_schema_is_the_reviewed_one() {
    let fresh = dump::<migration::App>("app.db").await + "\n" + &dump::<migration::Events>("events.db").await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migration/schema.sql");
    #[expect(clippy::disallowed_methods, reason = "asking for a rewrite is the developer's, by environment")]
    let rewrite = std::env::var_os("UNKEY_WRITE_SCHEMA").is_some();
    if rewrite {
        std::fs::write(&path, &fresh).unwrap();
    }
    let reviewed = std::fs::read_to_string(&path).expect("migration/schema.sql is committed");
    assert!(
        reviewed == fresh,
        "migration/schema.sql is out of date; run this test with UNKEY_WRITE_SCHEMA=1 and review"
    );
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db");
    let database = Database::open::<migration::App>(&path, Durability::Normal).await.unwrap();
    let from_the_future = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_future', 0)";
    database.writer().execute_unprepared(from_the_future).await.unwrap();
    database.close().await.unwrap();
    let refused = Database::open::<migration::App>(&path, Durability::Normal).await.err().expect("a refusal");
    assert!(refused.detail().contains("newer"), "{refused:?}");
}
