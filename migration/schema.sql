-- app.db

CREATE TABLE apis (
  id                   TEXT    NOT NULL PRIMARY KEY,
  workspace_id         TEXT    NOT NULL REFERENCES workspaces (id),
  keyspace_id          TEXT    NOT NULL UNIQUE,
  name                 TEXT    NOT NULL,
  ip_allowlist         TEXT,
  default_prefix       TEXT,
  default_bytes        BIGINT,
  store_encrypted_keys BOOLEAN NOT NULL DEFAULT FALSE,
  delete_protection    BOOLEAN NOT NULL DEFAULT FALSE,
  created_at           BIGINT  NOT NULL,
  updated_at           BIGINT,
  deleted_at           BIGINT
, live_keys BIGINT NOT NULL DEFAULT 0);
CREATE INDEX apis_by_workspace ON apis (workspace_id, id);
CREATE TABLE audit_log (
  id             TEXT   NOT NULL PRIMARY KEY,
  workspace_id   TEXT   NOT NULL,
  time           BIGINT NOT NULL,
  event          TEXT   NOT NULL,
  description    TEXT   NOT NULL,
  actor_type     TEXT   NOT NULL,
  actor_id       TEXT   NOT NULL,
  actor_name     TEXT   NOT NULL,
  door           TEXT   NOT NULL,
  ip             TEXT,
  user_agent     TEXT,
  request_id     TEXT   NOT NULL,
  correlation_id TEXT,
  changes        TEXT
, seq BIGINT NOT NULL DEFAULT 0);
CREATE INDEX audit_log_by_request ON audit_log (request_id);
CREATE UNIQUE INDEX audit_log_by_seq ON audit_log (seq);
CREATE INDEX audit_log_by_time ON audit_log (workspace_id, time, seq);
CREATE INDEX audit_log_of_workspace ON audit_log (workspace_id, seq);
CREATE TABLE audit_targets (
  audit_id  TEXT   NOT NULL REFERENCES audit_log (id) ON DELETE CASCADE,
  position  BIGINT NOT NULL,
  kind      TEXT   NOT NULL,
  target_id TEXT   NOT NULL,
  name      TEXT,
  meta      TEXT,
  PRIMARY KEY (audit_id, position)
);
CREATE INDEX audit_targets_by_target ON audit_targets (target_id);
CREATE TABLE bulk_jobs (
  id           TEXT   NOT NULL PRIMARY KEY,
  workspace_id TEXT   NOT NULL REFERENCES workspaces (id),
  work         TEXT   NOT NULL,
  selection    TEXT,
  actor_type   TEXT   NOT NULL,
  actor_id     TEXT   NOT NULL,
  session_id   TEXT,
  state        TEXT   NOT NULL,
  total        BIGINT NOT NULL DEFAULT 0,
  done         BIGINT NOT NULL DEFAULT 0,
  failed       BIGINT NOT NULL DEFAULT 0,
  error        TEXT,
  created_at   BIGINT NOT NULL,
  finished_at  BIGINT
, seq BIGINT NOT NULL DEFAULT 0);
CREATE INDEX bulk_jobs_by_workspace ON bulk_jobs (workspace_id, seq);
CREATE INDEX bulk_jobs_open ON bulk_jobs (seq) WHERE finished_at IS NULL;
CREATE TABLE bulk_rows (
  job_id   TEXT   NOT NULL REFERENCES bulk_jobs (id) ON DELETE CASCADE,
  position BIGINT NOT NULL,
  subject  TEXT   NOT NULL,
  payload  TEXT,
  state    TEXT   NOT NULL,
  message  TEXT,
  PRIMARY KEY (job_id, position)
);
CREATE INDEX bulk_rows_open ON bulk_rows (job_id, position) WHERE state = 'waiting';
CREATE TABLE encrypted_keys (
  key_id       TEXT   NOT NULL PRIMARY KEY REFERENCES keys (id) ON DELETE CASCADE,
  workspace_id TEXT   NOT NULL,
  ciphertext   BLOB   NOT NULL,
  created_at   BIGINT NOT NULL
);
CREATE TABLE idempotency_keys (
  workspace_id TEXT   NOT NULL,
  claimant  TEXT   NOT NULL,
  key_hash     TEXT   NOT NULL,
  request_hash TEXT   NOT NULL,
  response     BLOB,
  created_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, claimant, key_hash)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);
CREATE TABLE identities (
  id           TEXT   NOT NULL PRIMARY KEY,
  workspace_id TEXT   NOT NULL REFERENCES workspaces (id),
  external_id  TEXT   NOT NULL,
  meta         TEXT,
  environment  TEXT   NOT NULL DEFAULT 'default',
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT,
  deleted_at   BIGINT
, monthly_credits BIGINT);
CREATE INDEX identities_by_workspace ON identities (workspace_id, id);
CREATE UNIQUE INDEX identities_live_external_id ON identities (workspace_id, external_id) WHERE deleted_at IS NULL;
CREATE TABLE identity_months (
  identity_id   TEXT    NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
  month_ms      BIGINT  NOT NULL,
  workspace_id  TEXT    NOT NULL REFERENCES workspaces (id),
  spent_credits BIGINT  NOT NULL,
  near_cap      BOOLEAN NOT NULL DEFAULT FALSE,
  PRIMARY KEY (identity_id, month_ms)
);
CREATE INDEX identity_months_by_month ON identity_months (month_ms);
CREATE INDEX identity_months_near_cap ON identity_months (workspace_id, month_ms) WHERE near_cap;
CREATE TABLE invitations (
  id           TEXT   NOT NULL PRIMARY KEY,
  workspace_id TEXT   NOT NULL REFERENCES workspaces (id),
  token_hash   TEXT   NOT NULL UNIQUE,
  role         TEXT   NOT NULL,
  email        TEXT,
  created_by   TEXT   NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  accepted_at  BIGINT,
  revoked_at   BIGINT
);
CREATE INDEX invitations_by_workspace ON invitations (workspace_id, id);
CREATE TABLE key_migrations (
  id           TEXT   NOT NULL PRIMARY KEY,
  workspace_id TEXT   NOT NULL REFERENCES workspaces (id),
  algorithm    TEXT   NOT NULL,
  created_at   BIGINT NOT NULL
);
CREATE TRIGGER keys_counted_on_delete AFTER DELETE ON keys WHEN OLD.deleted_at IS NULL
BEGIN
  UPDATE apis SET live_keys = live_keys - 1 WHERE id = OLD.api_id;
END;
CREATE TRIGGER keys_counted_on_insert AFTER INSERT ON keys WHEN NEW.deleted_at IS NULL
BEGIN
  UPDATE apis SET live_keys = live_keys + 1 WHERE id = NEW.api_id;
END;
CREATE TRIGGER keys_counted_on_mark AFTER UPDATE OF deleted_at ON keys
WHEN (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)
BEGIN
  UPDATE apis SET live_keys = live_keys + CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END WHERE id = NEW.api_id;
END;
CREATE TABLE keys (
  id             TEXT    NOT NULL PRIMARY KEY,
  workspace_id   TEXT    NOT NULL REFERENCES workspaces (id),
  api_id         TEXT    NOT NULL REFERENCES apis (id),
  hash           TEXT    NOT NULL UNIQUE,
  start          TEXT    NOT NULL,
  last4          TEXT    NOT NULL,
  prefix         TEXT,
  byte_length    BIGINT,
  name           TEXT,
  identity_id    TEXT    REFERENCES identities (id),
  owner_id       TEXT,
  meta           TEXT,
  environment    TEXT,
  enabled        BOOLEAN NOT NULL DEFAULT TRUE,
  expires_at     BIGINT,
  remaining      BIGINT,
  refill_amount  BIGINT,
  refill_day     BIGINT,
  last_refill_at BIGINT,
  migration_id   TEXT    REFERENCES key_migrations (id),
  rotated_from   TEXT,
  created_by     TEXT,
  deleted_by     TEXT,
  last_used_at   BIGINT,
  created_at     BIGINT  NOT NULL,
  updated_at     BIGINT,
  deleted_at     BIGINT
, balance_key_id TEXT, lineage_id TEXT);
CREATE INDEX keys_by_api ON keys (api_id, id) WHERE deleted_at IS NULL;
CREATE INDEX keys_by_balance ON keys (balance_key_id) WHERE balance_key_id IS NOT NULL;
CREATE INDEX keys_by_end ON keys (api_id, expires_at, id) WHERE deleted_at IS NULL;
CREATE INDEX keys_by_expiry ON keys (workspace_id, expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX keys_by_identity ON keys (identity_id, id) WHERE identity_id IS NOT NULL;
CREATE INDEX keys_by_migration ON keys (migration_id) WHERE migration_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX keys_by_name ON keys (api_id, lower(name), id) WHERE deleted_at IS NULL;
CREATE INDEX keys_by_owner ON keys (api_id, owner_id, id) WHERE owner_id IS NOT NULL;
CREATE INDEX keys_by_workspace ON keys (workspace_id, id) WHERE deleted_at IS NULL;
CREATE INDEX keys_short_of_credits ON keys (workspace_id, remaining) WHERE remaining < 10 AND deleted_at IS NULL;
CREATE INDEX keys_to_refill ON keys (last_refill_at, id) WHERE refill_amount IS NOT NULL AND deleted_at IS NULL;
CREATE TRIGGER keys_permissions_placed AFTER INSERT ON keys_permissions WHEN NEW.seq = 0
BEGIN
  UPDATE keys_permissions SET seq = 1 + (SELECT MAX(seq) FROM keys_permissions WHERE permission_id = NEW.permission_id)
  WHERE key_id = NEW.key_id AND permission_id = NEW.permission_id;
END;
CREATE TABLE keys_permissions (
  key_id        TEXT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
  permission_id TEXT NOT NULL REFERENCES permissions (id) ON DELETE CASCADE, seq BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (key_id, permission_id)
);
CREATE INDEX keys_permissions_by_permission ON keys_permissions (permission_id, seq);
CREATE TRIGGER keys_roles_placed AFTER INSERT ON keys_roles WHEN NEW.seq = 0
BEGIN
  UPDATE keys_roles SET seq = 1 + (SELECT MAX(seq) FROM keys_roles WHERE role_id = NEW.role_id)
  WHERE key_id = NEW.key_id AND role_id = NEW.role_id;
END;
CREATE TABLE keys_roles (
  key_id  TEXT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
  role_id TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE, seq BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (key_id, role_id)
);
CREATE INDEX keys_roles_by_role ON keys_roles (role_id, seq);
CREATE TABLE limits (
  id           TEXT    NOT NULL PRIMARY KEY,
  workspace_id TEXT    NOT NULL,
  key_id       TEXT    REFERENCES keys (id) ON DELETE CASCADE,
  identity_id  TEXT    REFERENCES identities (id) ON DELETE CASCADE,
  name         TEXT    NOT NULL,
  max_count    BIGINT  NOT NULL,
  duration_ms  BIGINT  NOT NULL,
  auto_apply   BOOLEAN NOT NULL DEFAULT FALSE,
  is_async     BOOLEAN NOT NULL DEFAULT FALSE,
  created_at   BIGINT  NOT NULL,
  updated_at   BIGINT,
  CHECK ((key_id IS NULL) <> (identity_id IS NULL))
);
CREATE UNIQUE INDEX limits_of_identity ON limits (identity_id, name) WHERE identity_id IS NOT NULL;
CREATE UNIQUE INDEX limits_of_key ON limits (key_id, name) WHERE key_id IS NOT NULL;
CREATE TABLE memberships (
  workspace_id TEXT   NOT NULL REFERENCES workspaces (id),
  user_id      TEXT   NOT NULL REFERENCES users (id),
  role         TEXT   NOT NULL,
  created_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);
CREATE TABLE moves (
  side        TEXT   NOT NULL PRIMARY KEY,
  move_id     TEXT   NOT NULL,
  finished_at BIGINT
);
CREATE TABLE namespaces (
  id           TEXT   NOT NULL PRIMARY KEY,
  workspace_id TEXT   NOT NULL REFERENCES workspaces (id),
  name         TEXT   NOT NULL,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT,
  deleted_at   BIGINT
);
CREATE UNIQUE INDEX namespaces_name ON namespaces (workspace_id, name);
CREATE TABLE oauth_clients (
  id            TEXT   NOT NULL PRIMARY KEY,
  name          TEXT   NOT NULL,
  redirect_uris TEXT   NOT NULL,
  created_at    BIGINT NOT NULL,
  allowed_at    BIGINT
);
CREATE INDEX oauth_clients_never_allowed ON oauth_clients (created_at) WHERE allowed_at IS NULL;
CREATE TABLE oauth_codes (
  hash           TEXT    NOT NULL PRIMARY KEY,
  client_id      TEXT    NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
  workspace_id   TEXT    NOT NULL REFERENCES workspaces (id),
  session_id     TEXT    NOT NULL,
  redirect_uri   TEXT    NOT NULL,
  code_challenge TEXT    NOT NULL,
  resource       TEXT    NOT NULL,
  name           TEXT,
  is_full        BOOLEAN NOT NULL,
  permissions    TEXT    NOT NULL,
  key_expires_at BIGINT,
  ip_allowlist   TEXT,
  limit_per_minute BIGINT,
  root_key_id    TEXT,
  expires_at     BIGINT  NOT NULL
);
CREATE INDEX oauth_codes_by_client ON oauth_codes (client_id);
CREATE INDEX oauth_codes_by_expiry ON oauth_codes (expires_at);
CREATE TABLE one_time_links (
  token_hash   TEXT   NOT NULL PRIMARY KEY,
  purpose      TEXT   NOT NULL,
  workspace_id TEXT,
  user_id      TEXT,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  used_at      BIGINT
);
CREATE TABLE overrides (
  id           TEXT    NOT NULL PRIMARY KEY,
  workspace_id TEXT    NOT NULL REFERENCES workspaces (id),
  namespace_id TEXT    NOT NULL REFERENCES namespaces (id),
  identifier   TEXT    NOT NULL,
  max_count    BIGINT  NOT NULL,
  duration_ms  BIGINT  NOT NULL,
  is_async     BOOLEAN NOT NULL DEFAULT FALSE,
  created_at   BIGINT  NOT NULL,
  updated_at   BIGINT,
  deleted_at   BIGINT
, expires_at BIGINT, afterwards_max_count BIGINT, afterwards_duration_ms BIGINT);
CREATE INDEX overrides_expiry ON overrides (expires_at) WHERE expires_at IS NOT NULL;
CREATE UNIQUE INDEX overrides_identifier ON overrides (namespace_id, identifier);
CREATE TABLE permissions (
  id           TEXT   NOT NULL PRIMARY KEY,
  workspace_id TEXT   NOT NULL REFERENCES workspaces (id),
  name         TEXT   NOT NULL,
  slug         TEXT   NOT NULL,
  slug_folded  TEXT   NOT NULL,
  description  TEXT,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT
);
CREATE UNIQUE INDEX permissions_slug ON permissions (workspace_id, slug_folded);
CREATE TABLE portal_sessions (
  id              TEXT   NOT NULL PRIMARY KEY,
  portal_id       TEXT   NOT NULL REFERENCES portals (id) ON DELETE CASCADE,
  workspace_id    TEXT   NOT NULL,
  api_id          TEXT   NOT NULL,
  external_id     TEXT   NOT NULL,
  scopes          TEXT   NOT NULL,
  return_url      TEXT,
  code_hash       TEXT   NOT NULL UNIQUE,
  code_expires_at BIGINT NOT NULL,
  token_hash      TEXT   UNIQUE,
  expires_at      BIGINT,
  revoked_at      BIGINT,
  created_at      BIGINT NOT NULL
);
CREATE INDEX portal_sessions_by_user ON portal_sessions (portal_id, external_id, id);
CREATE TABLE portals (
  id            TEXT    NOT NULL PRIMARY KEY,
  workspace_id  TEXT    NOT NULL REFERENCES workspaces (id),
  slug          TEXT    NOT NULL,
  display_name  TEXT    NOT NULL,
  api_id        TEXT    NOT NULL REFERENCES apis (id),
  enabled       BOOLEAN NOT NULL DEFAULT TRUE,
  logo_url      TEXT,
  primary_color TEXT,
  created_at    BIGINT  NOT NULL,
  updated_at    BIGINT
);
CREATE UNIQUE INDEX portals_api ON portals (api_id);
CREATE UNIQUE INDEX portals_slug ON portals (workspace_id, slug);
CREATE TABLE query_runs (
  workspace_id TEXT   NOT NULL,
  user_id      TEXT   NOT NULL,
  query_hash   TEXT   NOT NULL,
  query        TEXT   NOT NULL,
  asked_at     BIGINT NOT NULL,
  took_ms      BIGINT NOT NULL,
  row_count    BIGINT,
  error        TEXT,
  PRIMARY KEY (workspace_id, user_id, query_hash),
  FOREIGN KEY (workspace_id, user_id) REFERENCES memberships (workspace_id, user_id) ON DELETE CASCADE
);
CREATE TABLE recovery_codes (
  user_id   TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  code_hash TEXT   NOT NULL,
  used_at   BIGINT,
  PRIMARY KEY (user_id, code_hash)
);
CREATE TABLE roles (
  id           TEXT   NOT NULL PRIMARY KEY,
  workspace_id TEXT   NOT NULL REFERENCES workspaces (id),
  name         TEXT   NOT NULL,
  name_folded  TEXT   NOT NULL,
  description  TEXT,
  created_at   BIGINT NOT NULL,
  updated_at   BIGINT
);
CREATE UNIQUE INDEX roles_name ON roles (workspace_id, name_folded);
CREATE TABLE roles_permissions (
  role_id       TEXT NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  permission_id TEXT NOT NULL REFERENCES permissions (id) ON DELETE CASCADE,
  PRIMARY KEY (role_id, permission_id)
);
CREATE INDEX roles_permissions_by_permission ON roles_permissions (permission_id);
CREATE TABLE root_key_grants (
  root_key_id TEXT NOT NULL REFERENCES root_keys (id) ON DELETE CASCADE,
  permission  TEXT NOT NULL,
  PRIMARY KEY (root_key_id, permission)
);
CREATE TABLE root_keys (
  id           TEXT    NOT NULL PRIMARY KEY,
  workspace_id TEXT    NOT NULL REFERENCES workspaces (id),
  name         TEXT,
  hash         TEXT    NOT NULL UNIQUE,
  start        TEXT    NOT NULL,
  last4        TEXT    NOT NULL,
  is_full      BOOLEAN NOT NULL DEFAULT FALSE,
  enabled      BOOLEAN NOT NULL DEFAULT TRUE,
  ip_allowlist TEXT,
  expires_at   BIGINT,
  created_by   TEXT,
  rotated_from TEXT,
  last_used_at BIGINT,
  created_at   BIGINT  NOT NULL,
  updated_at   BIGINT,
  deleted_at   BIGINT
, limit_per_minute BIGINT, budget_key_id TEXT, oauth_client_id TEXT, oauth_client_name TEXT);
CREATE INDEX root_keys_by_workspace ON root_keys (workspace_id, id);
CREATE TABLE saved_views (
  id           TEXT    NOT NULL PRIMARY KEY,
  workspace_id TEXT    NOT NULL REFERENCES workspaces (id),
  user_id      TEXT    NOT NULL REFERENCES users (id),
  page         TEXT    NOT NULL,
  name         TEXT    NOT NULL,
  query        TEXT    NOT NULL,
  shared       BOOLEAN NOT NULL DEFAULT FALSE,
  created_at   BIGINT  NOT NULL
);
CREATE UNIQUE INDEX saved_views_name ON saved_views (workspace_id, user_id, page, name);
CREATE TABLE schedules (
  name        TEXT   NOT NULL PRIMARY KEY,
  pattern     TEXT   NOT NULL,
  next_run_at BIGINT NOT NULL,
  last_run_at BIGINT,
  last_error  TEXT
);
CREATE TABLE secret_links (
  id           TEXT   NOT NULL PRIMARY KEY,
  workspace_id TEXT   NOT NULL REFERENCES workspaces (id),
  token_hash   TEXT   NOT NULL UNIQUE,
  key_id       TEXT   NOT NULL,
  key_name     TEXT,
  ciphertext   BLOB,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL
);
CREATE INDEX secret_links_by_expiry ON secret_links (expires_at);
CREATE TABLE sessions (
  id           TEXT   NOT NULL PRIMARY KEY,
  user_id      TEXT   NOT NULL REFERENCES users (id),
  ip           TEXT,
  user_agent   TEXT,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  last_seen_at BIGINT,
  revoked_at   BIGINT
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE TABLE settings (
  name       TEXT   NOT NULL PRIMARY KEY,
  value      TEXT   NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE TABLE users (
  id            TEXT    NOT NULL PRIMARY KEY,
  email         TEXT    NOT NULL,
  email_folded  TEXT    NOT NULL UNIQUE,
  name          TEXT    NOT NULL,
  password_hash TEXT    NOT NULL,
  time_zone     TEXT    NOT NULL DEFAULT 'UTC',
  created_at    BIGINT  NOT NULL,
  updated_at    BIGINT,
  deleted_at    BIGINT
, theme TEXT NOT NULL DEFAULT 'system', totp_secret BLOB, totp_last_step BIGINT);
CREATE TABLE webhook_attempts (
  delivery_id TEXT   NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
  number      BIGINT NOT NULL,
  started_at  BIGINT NOT NULL,
  duration_ms BIGINT NOT NULL,
  status      BIGINT,
  failure     TEXT,
  answer      TEXT,
  PRIMARY KEY (delivery_id, number)
);
CREATE TABLE webhook_deliveries (
  id           TEXT    NOT NULL PRIMARY KEY,
  workspace_id TEXT    NOT NULL REFERENCES workspaces (id),
  endpoint_id  TEXT    NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
  audit_id     TEXT    NOT NULL,
  event        TEXT    NOT NULL,
  created_at   BIGINT  NOT NULL,
  due_at       BIGINT,
  give_up_at   BIGINT  NOT NULL,
  attempts     BIGINT  NOT NULL,
  failures     BIGINT  NOT NULL,
  delivered    BOOLEAN NOT NULL,
  ended_at     BIGINT
);
CREATE INDEX webhook_deliveries_by_end ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at) WHERE due_at IS NOT NULL;
CREATE TABLE webhook_endpoints (
  id                 TEXT    NOT NULL PRIMARY KEY,
  workspace_id       TEXT    NOT NULL REFERENCES workspaces (id),
  url                TEXT    NOT NULL,
  description        TEXT,
  events             TEXT    NOT NULL,
  enabled            BOOLEAN NOT NULL,
  disabled_reason    TEXT,
  failing_since      BIGINT,
  secret             BLOB    NOT NULL,
  old_secret         BLOB,
  old_secret_ends_at BIGINT,
  created_at         BIGINT  NOT NULL,
  updated_at         BIGINT
);
CREATE INDEX webhook_endpoints_by_workspace ON webhook_endpoints (workspace_id, id);
CREATE TABLE workspaces (
  id                   TEXT    NOT NULL PRIMARY KEY,
  slug                 TEXT    NOT NULL UNIQUE,
  name                 TEXT    NOT NULL,
  enabled              BOOLEAN NOT NULL DEFAULT TRUE,
  api_limit_per_minute BIGINT,
  data_key             BLOB,
  created_at           BIGINT  NOT NULL,
  updated_at           BIGINT,
  deleted_at           BIGINT
);

-- events.db

CREATE TABLE chunks (
  id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  version    BIGINT  NOT NULL,
  first_time BIGINT  NOT NULL,
  last_time  BIGINT  NOT NULL,
  events     BIGINT  NOT NULL,
  body       BLOB    NOT NULL
, kind BIGINT NOT NULL DEFAULT 0);
CREATE INDEX chunks_by_time ON chunks (kind, last_time);
CREATE TABLE limiter_counters (
  workspace_id   TEXT   NOT NULL,
  scope          BIGINT NOT NULL,
  subject        TEXT   NOT NULL,
  name           TEXT   NOT NULL,
  duration_ms    BIGINT NOT NULL,
  window_index   BIGINT NOT NULL,
  current_count  BIGINT NOT NULL,
  previous_count BIGINT NOT NULL,
  dead_at        BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, scope, subject, name, duration_ms)
) WITHOUT ROWID;
CREATE INDEX limiter_counters_dead ON limiter_counters (dead_at);
