//! Loading a snapshot: one statement, so that it is one consistent view and one
//! round trip.

use base::ids::{ApiId, IdentityId, KeyId, KeyspaceId, LimitId, WorkspaceId};
use sea_orm::{ConnectionTrait, QueryResult};
use serde::Deserialize;
use smallvec::smallvec;

use super::snapshot::{KeySnapshot, Parts, StoredLimit};
use crate::apis;
use base::cache::{Epochs, Loaded};
use base::error::Result;
use base::events::{KeyFacts, Noted};
use base::secret::KeyHash;
use base::store::{Engine, statement};

/// The statement, with its words for an array of the names of roles, of slugs and of limits.
macro_rules! snapshot {
    ($roles:literal, $permissions:literal, $limits:literal) => {
        concat!("
SELECT k.id, k.workspace_id, k.api_id, a.keyspace_id, w.enabled AS workspace_enabled, a.ip_allowlist,
       k.enabled, k.expires_at, k.name, k.owner_id, k.environment, k.meta, k.balance_key_id, k.lineage_id, b.hash AS balance_hash,
       CASE WHEN b.id IS NULL THEN k.remaining ELSE b.remaining END AS remaining,
       i.id AS identity_id, i.external_id, i.meta AS identity_meta,
       i.monthly_credits,
       (SELECT ", $roles, " FROM keys_roles kr JOIN roles r ON r.id = kr.role_id
         WHERE kr.key_id = k.id) AS roles,
       (SELECT ", $permissions, " FROM (
          SELECT p.slug FROM keys_permissions kp JOIN permissions p ON p.id = kp.permission_id
           WHERE kp.key_id = k.id
          UNION
          SELECT p.slug FROM keys_roles kr JOIN roles_permissions rp ON rp.role_id = kr.role_id
            JOIN permissions p ON p.id = rp.permission_id
           WHERE kr.key_id = k.id) s) AS permissions,
       (SELECT ", $limits, "
          FROM (SELECT * FROM limits WHERE key_id = k.id
                UNION ALL SELECT * FROM limits WHERE identity_id = i.id) l) AS limits
  FROM keys k
  JOIN apis a ON a.id = k.api_id AND a.deleted_at IS NULL
  JOIN workspaces w ON w.id = k.workspace_id AND w.deleted_at IS NULL
  LEFT JOIN keys b ON b.id = k.balance_key_id
  LEFT JOIN identities i ON i.id = k.identity_id AND i.deleted_at IS NULL
 WHERE k.hash = $1 AND k.deleted_at IS NULL")
    };
}

/// Roles, permissions and limits come as JSON arrays in the same row.
const SNAPSHOT_SQLITE: &str = snapshot!(
    "json_group_array(r.name ORDER BY r.name)",
    "json_group_array(s.slug)",
    "json_group_array(json_array(l.id, l.name, l.max_count, l.duration_ms, l.auto_apply, l.identity_id IS NOT NULL))"
);

const SNAPSHOT_POSTGRES: &str = snapshot!(
    "COALESCE(json_agg(r.name ORDER BY r.name), '[]')::text",
    "COALESCE(json_agg(s.slug ORDER BY s.slug), '[]')::text",
    "COALESCE(json_agg(json_build_array(l.id, l.name, l.max_count, l.duration_ms, l.auto_apply::int, (l.identity_id IS NOT NULL)::int)), '[]')::text"
);

/// A limit as the statement above spells it.
#[derive(Deserialize)]
struct LimitRow(String, String, i64, i64, i64, i64);

pub(super) async fn load(
    db: &impl ConnectionTrait,
    epochs: &Epochs,
    hash: KeyHash,
) -> Result<Loaded<KeySnapshot>> {
    let hash = hash.to_base64();
    let key_subject = epochs.subject("key", hash.as_str());
    let sql = Engine::of(db).choose(SNAPSHOT_SQLITE, SNAPSHOT_POSTGRES);
    let Some(row) = db.query_one_raw(statement(db, sql, [hash.into()])).await? else {
        return Ok(Loaded { value: None, subjects: smallvec![key_subject] });
    };
    let snapshot = KeySnapshot::new(parts(&row)?);
    let facts = &snapshot.facts;
    let mut subjects = smallvec![
        key_subject,
        epochs.subject("api", facts.api.as_str()),
        epochs.subject("workspace", facts.workspace.as_str()),
        epochs.subject("rbac", facts.workspace.as_str()),
    ];
    if let Some(identity) = &facts.identity {
        subjects.push(epochs.subject("identity", identity.as_str()));
    }
    if let Some(holder) = row.try_get::<Option<String>>("", "balance_hash")? {
        subjects.push(epochs.subject("key", holder.as_str()));
    }
    Ok(Loaded { value: Some(snapshot), subjects })
}

fn parts(row: &QueryResult) -> Result<Parts> {
    let json = |column: &str| row.try_get::<String>("", column);
    let allowlist: Option<String> = row.try_get("", "ip_allowlist")?;
    let limits: Vec<LimitRow> = serde_json::from_str(&json("limits")?)?;
    Ok(Parts {
        facts: KeyFacts {
            workspace: row.try_get::<WorkspaceId>("", "workspace_id")?,
            api: row.try_get::<ApiId>("", "api_id")?,
            keyspace: row.try_get::<KeyspaceId>("", "keyspace_id")?,
            key: row.try_get::<KeyId>("", "id")?,
            balance: row.try_get("", "balance_key_id")?,
            lineage: row.try_get("", "lineage_id")?,
            identity: row.try_get::<Option<IdentityId>>("", "identity_id")?,
            external_id: row.try_get("", "external_id")?,
            noted: Noted::default(),
        },
        workspace_enabled: row.try_get("", "workspace_enabled")?,
        enabled: row.try_get("", "enabled")?,
        expires_at: row.try_get("", "expires_at")?,
        name: row.try_get("", "name")?,
        owner_id: row.try_get("", "owner_id")?,
        environment: row.try_get("", "environment")?,
        meta: row.try_get("", "meta")?,
        permissions: serde_json::from_str(&json("permissions")?)?,
        roles: serde_json::from_str(&json("roles")?)?,
        identity_meta: row.try_get("", "identity_meta")?,
        is_capped: row.try_get::<Option<i64>>("", "monthly_credits")?.is_some(),
        limits: limits.into_iter().map(stored_limit).collect(),
        ip_allowlist: allowlist.as_deref().map(apis::allowlist::parse).transpose()?.unwrap_or_default(),
        remaining: row.try_get("", "remaining")?,
    })
}

fn stored_limit(LimitRow(id, name, limit, duration_ms, auto_apply, of_identity): LimitRow) -> StoredLimit {
    StoredLimit {
        id: LimitId::from(id),
        name,
        limit: limit.unsigned_abs(),
        duration_ms: duration_ms.unsigned_abs(),
        auto_apply: auto_apply != 0,
        of_identity: of_identity != 0,
    }
}
