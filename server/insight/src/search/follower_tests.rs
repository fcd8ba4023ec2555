//! Tests of the indexes that follow the audit log: everything is found, nothing
//! twice, whatever happens to folders or in between.

use async_trait::async_trait;
use base::ids::WorkspaceId;
use sea_orm::{ConnectionTrait, QueryResult, Statement};

use super::*;
use base::access::OpCtx;
use base::audit::{AuditFilter, Event, Group, Target};
use base::entropy::Entropy;
use base::store::testing::{TestStore, owner, stranger};
use base::store::{Page, Reader, Store};

/// Tells the rows of a table by the text of its columns.
struct TableFeed {
    /// What is selected: id, workspace, parent, name, start, last4, and what else
    /// it is found by.
    columns: &'static str,
    table: &'static str,
    owner: &'static str,
}

const KEYS: TableFeed = TableFeed {
    columns: "id, workspace_id, api_id, name, start, last4, \
              (SELECT external_id FROM identities i WHERE i.id = identity_id AND i.deleted_at IS NULL)",
    table: "keys",
    owner: "identity_id",
};
const IDENTITIES: TableFeed = TableFeed {
    columns: "id, workspace_id, NULL, external_id, '', '', json_extract(meta, '$.plan')",
    table: "identities",
    owner: "NULL",
};
const APIS: TableFeed =
    TableFeed { columns: "id, workspace_id, NULL, name, '', '', keyspace_id", table: "apis", owner: "NULL" };

/// Tells nothing.
struct Nothing;

const FEEDS: EntityFeeds = EntityFeeds {
    keys: &KEYS,
    root_keys: &Nothing,
    identities: &IDENTITIES,
    apis: &APIS,
    roles: &Nothing,
    permissions: &Nothing,
    namespaces: &Nothing,
    overrides: &Nothing,
};

async fn query(db: &Reader, sql: String) -> Vec<QueryResult> {
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap()
}

#[async_trait]
impl EntityFeed for TableFeed {
    async fn rows(&self, db: &Reader, rows: Rows<'_>) -> Result<Vec<EntityRow>> {
        let TableFeed { columns, table, .. } = self;
        let which = match rows {
            Rows::Of(ids) => format!("id IN ('{}')", ids.join("', '")),
            Rows::After(after, limit) => format!("id > '{after}' ORDER BY id LIMIT {limit}"),
        };
        let sql = format!("SELECT {columns} FROM {table} WHERE deleted_at IS NULL AND {which}");
        let entity = |row: QueryResult| {
            let text = |at| row.try_get_by_index::<Option<String>>(at).unwrap();
            let kept = |at| text(at).unwrap_or_default();
            EntityRow {
                id: kept(0),
                workspace: kept(1),
                parent: text(2),
                name: kept(3),
                start: kept(4),
                last4: kept(5),
                texts: text(6).into_iter().collect(),
                ..EntityRow::default()
            }
        };
        Ok(query(db, sql).await.into_iter().map(entity).collect())
    }

    async fn ids_of_owner(&self, db: &Reader, owner: &str, after: &str, limit: u64) -> Result<Vec<String>> {
        let Self { table, owner: column, .. } = self;
        let sql = format!(
            "SELECT id FROM {table} WHERE {column} = '{owner}' AND id > '{after}' ORDER BY id LIMIT {limit}"
        );
        Ok(query(db, sql).await.iter().map(|row| row.try_get_by_index(0).unwrap()).collect())
    }
}

#[async_trait]
impl EntityFeed for Nothing {
    async fn rows(&self, _: &Reader, _: Rows<'_>) -> Result<Vec<EntityRow>> {
        Ok(Vec::new())
    }
}

struct Fixture {
    test: TestStore,
    dir: tempfile::TempDir,
    entropy: Entropy,
}

impl Fixture {
    async fn new() -> Self {
        let fixture = Self {
            // The statements of the feed here are written for it.
            test: TestStore::in_file().await,
            dir: tempfile::tempdir().unwrap(),
            entropy: Entropy::seeded(3),
        };
        fixture
            .test
            .force(
                "INSERT INTO apis (id, workspace_id, keyspace_id, name, created_at) VALUES \
                 ('api_1', 'ws_1', 'ks_1', 'Payments', 0), ('api_2', 'ws_2', 'ks_2', 'Payments', 0)",
            )
            .await;
        fixture
            .test
            .force(
                "INSERT INTO identities (id, workspace_id, external_id, meta, created_at) VALUES \
                 ('id_1', 'ws_1', 'ann@example.com', '{\"plan\":\"gold\"}', 0)",
            )
            .await;
        fixture
    }

    fn store(&self) -> &Store {
        &self.test.store
    }

    async fn add_key(&self, id: &str, name: &str) {
        self.test
            .force(&format!(
                "INSERT INTO keys (id, workspace_id, api_id, hash, start, last4, name, identity_id, created_at) \
                 VALUES ('{id}', 'ws_1', 'api_1', '{id}', 'pre_AbCd', 'Wxyz', '{name}', 'id_1', 0)"
            ))
            .await;
    }

    /// One audit entry about these targets.
    async fn say(&self, cx: &OpCtx, event: Event, text: &str, targets: &[(&'static str, &str)]) {
        self.store()
            .write(|tx| async move {
                let mut group = Group::new();
                let targets = targets.iter().map(|(kind, id)| Target::new(kind, *id, None)).collect();
                group.push(event, text, targets);
                group.record(cx, &tx, &self.entropy).await
            })
            .await
            .unwrap();
    }

    /// Opens the indexes and follows until there is nothing left.
    async fn follow(&self) -> Search {
        let search = Search::open(self.dir.path()).unwrap();
        let follower = Follower::start(search.clone(), self.store().clone(), FEEDS);
        while !search.settle(self.store()).await.unwrap() {}
        follower.shutdown().await.unwrap();
        search
    }
}

async fn found(search: &Search, text: &str) -> Vec<String> {
    let workspace = WorkspaceId::from("ws_1");
    let query = EntityQuery { workspace, text: text.to_owned(), kinds: Vec::new(), limit: 10 };
    search.entities(query).await.unwrap().into_iter().map(|hit| hit.id).collect()
}

/// Places of entries, the newest first.
async fn entries(fixture: &Fixture, search: &Search, filter: AuditFilter) -> Vec<i64> {
    let text = search.audit_text(fixture.store().clone());
    text.find(&WorkspaceId::from("ws_1"), &filter, None, 100).await.unwrap()
}

fn text(text: &str) -> AuditFilter {
    AuditFilter { text: Some(text.to_owned()), ..AuditFilter::default() }
}

#[tokio::test]
async fn what_was_there_before_the_index_is_found_by_everything_one_remembers() {
    let fixture = Fixture::new().await;
    fixture.add_key("key_One", "Billing service").await;
    let search = fixture.follow().await;
    for text in
        ["key_one", "KEY_O", "billing", "serv bill", "wxyz", "pre_abc", "ann@exam", "payments key_One"]
    {
        let expected: &[&str] = if text.starts_with("payments") { &[] } else { &["key_One"] };
        let hits = found(&search, text).await;
        assert_eq!(hits.iter().filter(|id| *id == "key_One").collect::<Vec<_>>(), expected, "{text}");
    }
    assert_eq!(found(&search, "gold").await, ["id_1"]);
    assert_eq!(found(&search, "payments").await, ["api_1"], "not that of another workspace");
    assert_eq!(found(&search, "  ").await, [""; 0]);
}

#[tokio::test]
async fn a_change_replaces_what_is_found_and_a_deletion_removes_it() {
    let fixture = Fixture::new().await;
    fixture.add_key("key_1", "old").await;
    fixture.follow().await;
    fixture.test.force("UPDATE keys SET name = 'new'").await;
    fixture.say(&owner(), Event::KeyUpdate, "Renamed", &[("key", "key_1")]).await;
    let search = fixture.follow().await;
    assert_eq!((found(&search, "old").await.len(), found(&search, "new").await.len()), (0, 1));
    drop(search);
    fixture.test.force("UPDATE identities SET deleted_at = 1").await;
    fixture.say(&owner(), Event::IdentityDelete, "Deleted", &[("identity", "id_1")]).await;
    let search = fixture.follow().await;
    assert_eq!(found(&search, "ann").await, [""; 0], "neither the identity nor its key");
    assert_eq!(found(&search, "new").await, ["key_1"]);
    drop(search);
    fixture.test.force("UPDATE keys SET deleted_at = 1").await;
    fixture.say(&owner(), Event::KeyDelete, "Deleted", &[("key", "key_1")]).await;
    assert_eq!(found(&fixture.follow().await, "new").await, [""; 0]);
}

#[tokio::test]
async fn a_workspace_that_comes_back_is_found_with_what_is_in_it() {
    let fixture = Fixture::new().await;
    fixture.add_key("key_1", "old").await;
    fixture.follow().await;
    fixture.say(&owner(), Event::WorkspaceDelete, "Deleted", &[("workspace", "ws_1")]).await;
    assert_eq!(found(&fixture.follow().await, "old").await, [""; 0]);
    fixture.say(&owner(), Event::WorkspaceRestore, "Restored", &[("workspace", "ws_1")]).await;
    let search = fixture.follow().await;
    assert_eq!(found(&search, "old").await, ["key_1"]);
    assert_eq!(found(&search, "payments").await, ["api_1"]);
}

#[tokio::test]
async fn exact_ids_and_ends_of_keys_come_first() {
    let fixture = Fixture::new().await;
    fixture.add_key("key_1", "a").await;
    fixture.add_key("key_10", "wxyz wxyz").await;
    fixture.test.force("UPDATE keys SET last4 = 'none' WHERE id = 'key_10'").await;
    let search = fixture.follow().await;
    assert_eq!(found(&search, "key_1").await, ["key_1", "key_10"]);
    assert_eq!(found(&search, "wxyz").await, ["key_1", "key_10"], "the end of one key, the name of another");
}

#[tokio::test]
async fn a_long_first_pass_goes_on_where_it_was_interrupted() {
    let fixture = Fixture::new().await;
    for number in 0..1200 {
        fixture.add_key(&format!("key_{number:04}"), "many").await;
    }
    let search = Search::open(fixture.dir.path()).unwrap();
    let index = &search.entity_index().followed;
    // As a first pass that was killed after its first commit.
    let rows = KEYS.rows(fixture.store().read(), Rows::After("", 700)).await.unwrap();
    let scan = Some(followed::Scan { kind: 0, after: rows.last().unwrap().id.clone() });
    search.entity_index().add(None, index.at(0, String::new(), scan), EntityKind::Key, &rows).unwrap();
    drop(search);
    let search = fixture.follow().await;
    // Keys, their identity and the two APIs, each once.
    assert_eq!(search.entity_index().followed.documents(), 1203);
}

#[tokio::test]
async fn audit_entries_are_found_by_words_and_all_other_conditions() {
    let fixture = Fixture::new().await;
    fixture.say(&owner(), Event::KeyCreate, "Created key Billing", &[("key", "key_1")]).await;
    fixture.say(&owner(), Event::KeyUpdate, "Updated key billing", &[("key", "key_1")]).await;
    fixture.say(&owner(), Event::ApiCreate, "Created API Billing", &[("api", "api_1")]).await;
    fixture.say(&stranger(), Event::KeyCreate, "Created key Billing", &[("key", "key_2")]).await;
    let search = fixture.follow().await;
    let count = async |filter| entries(&fixture, &search, filter).await.len();
    assert_eq!(count(text("bill")).await, 3);
    assert_eq!(count(text("bill created")).await, 2);
    assert_eq!(count(text("key_1")).await, 2);
    assert_eq!(count(text("%")).await, 0);
    assert_eq!(count(AuditFilter { event: Some("key.*".into()), ..text("bill") }).await, 2);
    assert_eq!(count(AuditFilter { event: Some("api.create".into()), ..text("bill") }).await, 1);
    assert_eq!(count(AuditFilter { target: Some("key_1".into()), ..text("bill") }).await, 2);
    assert_eq!(count(AuditFilter { actor: Some("key_other".into()), ..text("bill") }).await, 0);
    let now = base::store::testing::NOW_MS;
    assert_eq!(count(AuditFilter { since_ms: Some(now), until_ms: Some(now + 1), ..text("bill") }).await, 3);
    assert_eq!(count(AuditFilter { since_ms: Some(now + 1), ..text("bill") }).await, 0);
}

#[tokio::test]
async fn entries_that_are_not_indexed_yet_are_found_all_the_same() {
    let fixture = Fixture::new().await;
    fixture.say(&owner(), Event::KeyCreate, "Created key Billing", &[("key", "key_1")]).await;
    // Nothing follows: no entry is indexed, and whether the index is of this database is not known.
    let idle = Search::open(fixture.dir.path()).unwrap();
    let by_words = AuditFilter { target: Some("key_1".into()), ..text("crea bill") };
    assert_eq!(entries(&fixture, &idle, by_words.clone()).await.len(), 1);
    assert_eq!(entries(&fixture, &idle, text("illing")).await.len(), 0);
    assert_eq!(
        entries(&fixture, &idle, AuditFilter { event: Some("api.*".into()), ..by_words }).await.len(),
        0
    );
    drop(idle);
    let search = fixture.follow().await;
    fixture.say(&owner(), Event::KeyUpdate, "Updated key Billing", &[("key", "key_1")]).await;
    assert_eq!(entries(&fixture, &search, text("billing")).await.len(), 2, "one from each");
}

#[tokio::test]
async fn pages_of_found_entries_show_each_once_newest_first() {
    let fixture = Fixture::new().await;
    for number in 0..7 {
        let cx = OpCtx { now_ms: owner().now_ms + number * 1000, ..owner() };
        fixture.say(&cx, Event::KeyUpdate, "Updated a key", &[("key", "key_1")]).await;
    }
    let search = fixture.follow().await;
    let log = base::audit::AuditLog::new(fixture.store().clone(), search.audit_text(fixture.store().clone()));
    let (mut seen, mut page) = (Vec::new(), Page { limit: 3, cursor: None });
    loop {
        let found = log.list(&owner(), &text("updated"), &page).await.unwrap();
        seen.extend(found.items.iter().map(|entry| entry.time_ms));
        page.cursor = found.next;
        if page.cursor.is_none() {
            break;
        }
    }
    let newest_first: Vec<i64> = (0..7).rev().map(|number| owner().now_ms + number * 1000).collect();
    assert_eq!(seen, newest_first);
}

#[tokio::test]
async fn damaged_or_foreign_indexes_are_built_again() {
    let fixture = Fixture::new().await;
    fixture.add_key("key_1", "kept").await;
    fixture.say(&owner(), Event::KeyCreate, "Created key kept", &[("key", "key_1")]).await;
    fixture.follow().await;
    for damage in ["{", "remove", "format", "row"] {
        for name in ["audit", "entities"] {
            let folder = fixture.dir.path().join(name);
            let meta = folder.join("meta.json");
            match damage {
                "remove" => std::fs::remove_dir_all(&folder).unwrap(),
                "{" => std::fs::write(&meta, "{").unwrap(),
                _ => {
                    // The payload is a JSON text in a JSON text.
                    let text = std::fs::read_to_string(&meta).unwrap();
                    let other = match damage {
                        "format" => text.replace(r#"\"format\":"#, r#"\"format\":9"#),
                        _ => text.replace(r#"\"row\":1"#, r#"\"row\":7"#),
                    };
                    assert_ne!(text, other, "{name}");
                    std::fs::write(&meta, other).unwrap();
                }
            }
        }
        let search = fixture.follow().await;
        assert_eq!(found(&search, "kept").await, ["key_1"], "{damage}");
        assert_eq!(entries(&fixture, &search, text("kept")).await.len(), 1, "{damage}");
    }
}

#[tokio::test]
async fn a_rebuild_finds_everything_again_and_nothing_twice() {
    let fixture = Fixture::new().await;
    fixture.add_key("key_1", "kept").await;
    fixture.say(&owner(), Event::KeyCreate, "Created key kept", &[("key", "key_1")]).await;
    let search = fixture.follow().await;
    // A change that was read before the rebuild is not written after it.
    let from = search.entity_index().followed.position();
    search.rebuild().unwrap();
    let to = search.entity_index().followed.at(9, "log_9".into(), None);
    search.entity_index().replace(from.as_ref(), to, &entities::Changes::default()).unwrap();
    assert_eq!(search.entity_index().followed.position(), None);
    drop(search);
    let search = fixture.follow().await;
    assert_eq!(found(&search, "kept").await, ["key_1"]);
    assert_eq!(search.entity_index().followed.documents(), 4);
    assert_eq!(search.audit().followed.documents(), 1);
}
