-- Everything people configure, and the audit log.
-- Times are Unix milliseconds in UTC. Texts compare by their bytes, whatever the
-- locale of the database, so that lists have one order everywhere. Names that
-- compare case-insensitively keep a folded twin column, so that uniqueness is portable.

CREATE TABLE settings (
  name       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  value      TEXT COLLATE "C" NOT NULL,
  updated_at BIGINT           NOT NULL
);

CREATE TABLE workspaces (
  id                   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  slug                 TEXT COLLATE "C" NOT NULL UNIQUE,
  name                 TEXT COLLATE "C" NOT NULL,
  enabled              BOOLEAN          NOT NULL DEFAULT TRUE,
  api_limit_per_minute BIGINT,
  data_key             BYTEA,
  created_at           BIGINT           NOT NULL,
  updated_at           BIGINT,
  deleted_at           BIGINT
);

CREATE TABLE users (
  id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  email         TEXT COLLATE "C" NOT NULL,
  email_folded  TEXT COLLATE "C" NOT NULL UNIQUE,
  name          TEXT COLLATE "C" NOT NULL,
  password_hash TEXT COLLATE "C" NOT NULL,
  failed_logins BIGINT           NOT NULL DEFAULT 0,
  locked_until  BIGINT,
  time_zone     TEXT COLLATE "C" NOT NULL DEFAULT 'UTC',
  created_at    BIGINT           NOT NULL,
  updated_at    BIGINT,
  deleted_at    BIGINT
);

CREATE TABLE memberships (
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  user_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  role         TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT           NOT NULL,
  PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE sessions (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  user_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  ip           TEXT COLLATE "C",
  user_agent   TEXT COLLATE "C",
  created_at   BIGINT           NOT NULL,
  expires_at   BIGINT           NOT NULL,
  last_seen_at BIGINT,
  revoked_at   BIGINT
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE one_time_links (
  token_hash   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  purpose      TEXT COLLATE "C" NOT NULL,
  workspace_id TEXT COLLATE "C",
  user_id      TEXT COLLATE "C",
  created_at   BIGINT           NOT NULL,
  expires_at   BIGINT           NOT NULL,
  used_at      BIGINT
);

CREATE TABLE apis (
  id                   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id         TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  keyspace_id          TEXT COLLATE "C" NOT NULL UNIQUE,
  name                 TEXT COLLATE "C" NOT NULL,
  ip_allowlist         TEXT COLLATE "C",
  default_prefix       TEXT COLLATE "C",
  default_bytes        BIGINT,
  store_encrypted_keys BOOLEAN          NOT NULL DEFAULT FALSE,
  delete_protection    BOOLEAN          NOT NULL DEFAULT FALSE,
  created_at           BIGINT           NOT NULL,
  updated_at           BIGINT,
  deleted_at           BIGINT
);
CREATE INDEX apis_by_workspace ON apis (workspace_id, id);

CREATE TABLE identities (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  external_id  TEXT COLLATE "C" NOT NULL,
  meta         TEXT COLLATE "C",
  environment  TEXT COLLATE "C" NOT NULL DEFAULT 'default',
  created_at   BIGINT           NOT NULL,
  updated_at   BIGINT,
  deleted_at   BIGINT
);
CREATE UNIQUE INDEX identities_live_external_id ON identities (workspace_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX identities_by_workspace ON identities (workspace_id, id);

CREATE TABLE key_migrations (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  algorithm    TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT           NOT NULL
);

-- The hash stays unique against deleted rows too: a revoked secret must never
-- come back as somebody else's key before the sweeper has removed the row.
-- Pages keep some room, so that a spent credit finds its new row version a place
-- beside the old one and no index is written.
CREATE TABLE keys (
  id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id   TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  api_id         TEXT COLLATE "C" NOT NULL REFERENCES apis (id),
  hash           TEXT COLLATE "C" NOT NULL UNIQUE,
  start          TEXT COLLATE "C" NOT NULL,
  last4          TEXT COLLATE "C" NOT NULL,
  prefix         TEXT COLLATE "C",
  byte_length    BIGINT,
  name           TEXT COLLATE "C",
  identity_id    TEXT COLLATE "C" REFERENCES identities (id),
  owner_id       TEXT COLLATE "C",
  meta           TEXT COLLATE "C",
  environment    TEXT COLLATE "C",
  enabled        BOOLEAN          NOT NULL DEFAULT TRUE,
  expires_at     BIGINT,
  remaining      BIGINT,
  refill_amount  BIGINT,
  refill_day     BIGINT,
  last_refill_at BIGINT,
  migration_id   TEXT COLLATE "C" REFERENCES key_migrations (id),
  rotated_from   TEXT COLLATE "C",
  created_by     TEXT COLLATE "C",
  deleted_by     TEXT COLLATE "C",
  last_used_at   BIGINT,
  created_at     BIGINT           NOT NULL,
  updated_at     BIGINT,
  deleted_at     BIGINT
) WITH (fillfactor = 80);
CREATE INDEX keys_by_api ON keys (api_id, id) WHERE deleted_at IS NULL;
CREATE INDEX keys_by_identity ON keys (identity_id, id) WHERE identity_id IS NOT NULL;
CREATE INDEX keys_by_owner ON keys (api_id, owner_id, id) WHERE owner_id IS NOT NULL;
CREATE INDEX keys_to_refill ON keys (last_refill_at, id) WHERE refill_amount IS NOT NULL AND deleted_at IS NULL;

CREATE TABLE encrypted_keys (
  key_id       TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES keys (id) ON DELETE CASCADE,
  workspace_id TEXT COLLATE "C" NOT NULL,
  ciphertext   BYTEA            NOT NULL,
  created_at   BIGINT           NOT NULL
);

-- A stored limit belongs to exactly one key or one identity.
CREATE TABLE limits (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL,
  key_id       TEXT COLLATE "C" REFERENCES keys (id) ON DELETE CASCADE,
  identity_id  TEXT COLLATE "C" REFERENCES identities (id) ON DELETE CASCADE,
  name         TEXT COLLATE "C" NOT NULL,
  max_count    BIGINT           NOT NULL,
  duration_ms  BIGINT           NOT NULL,
  auto_apply   BOOLEAN          NOT NULL DEFAULT FALSE,
  is_async     BOOLEAN          NOT NULL DEFAULT FALSE,
  created_at   BIGINT           NOT NULL,
  updated_at   BIGINT,
  CHECK ((key_id IS NULL) <> (identity_id IS NULL))
);
CREATE UNIQUE INDEX limits_of_key ON limits (key_id, name) WHERE key_id IS NOT NULL;
CREATE UNIQUE INDEX limits_of_identity ON limits (identity_id, name) WHERE identity_id IS NOT NULL;

CREATE TABLE roles (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  name         TEXT COLLATE "C" NOT NULL,
  name_folded  TEXT COLLATE "C" NOT NULL,
  description  TEXT COLLATE "C",
  created_at   BIGINT           NOT NULL,
  updated_at   BIGINT
);
CREATE UNIQUE INDEX roles_name ON roles (workspace_id, name_folded);

CREATE TABLE permissions (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  name         TEXT COLLATE "C" NOT NULL,
  slug         TEXT COLLATE "C" NOT NULL,
  slug_folded  TEXT COLLATE "C" NOT NULL,
  description  TEXT COLLATE "C",
  created_at   BIGINT           NOT NULL,
  updated_at   BIGINT
);
CREATE UNIQUE INDEX permissions_slug ON permissions (workspace_id, slug_folded);

CREATE TABLE roles_permissions (
  role_id       TEXT COLLATE "C" NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  permission_id TEXT COLLATE "C" NOT NULL REFERENCES permissions (id) ON DELETE CASCADE,
  PRIMARY KEY (role_id, permission_id)
);
CREATE INDEX roles_permissions_by_permission ON roles_permissions (permission_id);

CREATE TABLE keys_roles (
  key_id  TEXT COLLATE "C" NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
  role_id TEXT COLLATE "C" NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  PRIMARY KEY (key_id, role_id)
);
CREATE INDEX keys_roles_by_role ON keys_roles (role_id);

CREATE TABLE keys_permissions (
  key_id        TEXT COLLATE "C" NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
  permission_id TEXT COLLATE "C" NOT NULL REFERENCES permissions (id) ON DELETE CASCADE,
  PRIMARY KEY (key_id, permission_id)
);
CREATE INDEX keys_permissions_by_permission ON keys_permissions (permission_id);

-- A deleted namespace keeps its name reserved.
CREATE TABLE namespaces (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  name         TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT           NOT NULL,
  updated_at   BIGINT,
  deleted_at   BIGINT
);
CREATE UNIQUE INDEX namespaces_name ON namespaces (workspace_id, name);

CREATE TABLE overrides (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  namespace_id TEXT COLLATE "C" NOT NULL REFERENCES namespaces (id),
  identifier   TEXT COLLATE "C" NOT NULL,
  max_count    BIGINT           NOT NULL,
  duration_ms  BIGINT           NOT NULL,
  is_async     BOOLEAN          NOT NULL DEFAULT FALSE,
  created_at   BIGINT           NOT NULL,
  updated_at   BIGINT,
  deleted_at   BIGINT
);
CREATE UNIQUE INDEX overrides_identifier ON overrides (namespace_id, identifier);

CREATE TABLE root_keys (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  name         TEXT COLLATE "C",
  hash         TEXT COLLATE "C" NOT NULL UNIQUE,
  start        TEXT COLLATE "C" NOT NULL,
  last4        TEXT COLLATE "C" NOT NULL,
  is_full      BOOLEAN          NOT NULL DEFAULT FALSE,
  enabled      BOOLEAN          NOT NULL DEFAULT TRUE,
  ip_allowlist TEXT COLLATE "C",
  expires_at   BIGINT,
  created_by   TEXT COLLATE "C",
  rotated_from TEXT COLLATE "C",
  last_used_at BIGINT,
  created_at   BIGINT           NOT NULL,
  updated_at   BIGINT,
  deleted_at   BIGINT
);
CREATE INDEX root_keys_by_workspace ON root_keys (workspace_id, id);

CREATE TABLE root_key_grants (
  root_key_id TEXT COLLATE "C" NOT NULL REFERENCES root_keys (id) ON DELETE CASCADE,
  permission  TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (root_key_id, permission)
);

CREATE TABLE audit_log (
  id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id   TEXT COLLATE "C" NOT NULL,
  time           BIGINT           NOT NULL,
  event          TEXT COLLATE "C" NOT NULL,
  description    TEXT COLLATE "C" NOT NULL,
  actor_type     TEXT COLLATE "C" NOT NULL,
  actor_id       TEXT COLLATE "C" NOT NULL,
  actor_name     TEXT COLLATE "C" NOT NULL,
  door           TEXT COLLATE "C" NOT NULL,
  ip             TEXT COLLATE "C",
  user_agent     TEXT COLLATE "C",
  request_id     TEXT COLLATE "C" NOT NULL,
  correlation_id TEXT COLLATE "C",
  changes        TEXT COLLATE "C"
);
CREATE INDEX audit_log_by_time ON audit_log (workspace_id, time, id);
CREATE INDEX audit_log_by_request ON audit_log (request_id);

CREATE TABLE audit_targets (
  audit_id  TEXT COLLATE "C" NOT NULL REFERENCES audit_log (id) ON DELETE CASCADE,
  position  BIGINT           NOT NULL,
  kind      TEXT COLLATE "C" NOT NULL,
  target_id TEXT COLLATE "C" NOT NULL,
  name      TEXT COLLATE "C",
  meta      TEXT COLLATE "C",
  PRIMARY KEY (audit_id, position)
);
CREATE INDEX audit_targets_by_target ON audit_targets (target_id);

CREATE TABLE schedules (
  name        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  pattern     TEXT COLLATE "C" NOT NULL,
  next_run_at BIGINT           NOT NULL,
  last_run_at BIGINT,
  last_error  TEXT COLLATE "C"
);
