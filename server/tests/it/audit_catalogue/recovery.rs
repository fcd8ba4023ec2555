//! What comes back with a backup.

use base::access::{Door, Principal};
use base::ids::{ApiId, WorkspaceId};
use base::store::{AppSchema, Database, Durability};
use domain::recovery::Recovery;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::{Catalogue, SYSTEM};

pub(super) async fn from_a_backup(catalogue: &mut Catalogue<'_>) {
    let (test, app) = (catalogue.test, &catalogue.test.app);
    let cx = test.operator().await;
    let api = ApiId::from(test.api().await);
    let (key, _) = test.key(api.as_str(), json!({})).await;
    let gone: WorkspaceId = app.workspaces.deleted().await.unwrap().remove(0).id;
    let folder = tempfile::tempdir().unwrap();
    let backup =
        Database::open::<AppSchema>(&folder.path().join("app.db"), Durability::Normal).await.unwrap();
    let (own, hash) = (&cx.workspace, "h");
    let rows = format!(
        "INSERT INTO workspaces (id, slug, name, created_at) VALUES ('{own}', 'own', 'Own', 1), ('{gone}', 'back', 'Back', 1);
         INSERT INTO apis (id, workspace_id, keyspace_id, name, created_at) VALUES ('{api}', '{own}', 'ks', 'a', 1);
         INSERT INTO keys (id, workspace_id, api_id, hash, start, last4, created_at)
         VALUES ('{key}', '{own}', '{api}', '{hash}', '', '', 1), ('key_lost', '{own}', '{api}', 'lost', '', '', 1)",
    );
    backup.writer().execute_unprepared(&rows).await.unwrap();
    let recovery = Recovery::new(&app.store, &app.entropy, &app.keys, backup.reader());
    app.apis.delete(&cx, &api).await.unwrap();
    app.keys.delete_orphans(cx.now_ms).await.unwrap();
    let restore = async { recovery.api(&cx, &api).await.unwrap() };
    let restored = catalogue.row("api.restore", SYSTEM, &["api"], restore).await;
    assert_eq!((restored.keys.returned, restored.keys.copied, restored.keys.left_out), (1, 1, 0));
    let there = app.cx(gone, Principal::Cli, Door::Cli);
    let restore = async { recovery.workspace(&there).await.unwrap() };
    let restored = catalogue.row("workspace.restore", SYSTEM, &["workspace"], restore).await;
    assert!(restored.slug == "back" && restored.copied.is_none());
}
