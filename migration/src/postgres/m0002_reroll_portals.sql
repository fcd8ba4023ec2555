-- A rerolled key spends the credits of its successor while both live.
ALTER TABLE keys ADD COLUMN balance_key_id TEXT COLLATE "C";
CREATE INDEX keys_by_balance ON keys (balance_key_id) WHERE balance_key_id IS NOT NULL;
-- The first key of a chain of rerolls: limits of the key count for all of them together.
ALTER TABLE keys ADD COLUMN lineage_id TEXT COLLATE "C";

-- Requests a root key may make in a minute; NULL is unlimited.
ALTER TABLE root_keys ADD COLUMN limit_per_minute BIGINT;

CREATE TABLE portals (
  id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id  TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  slug          TEXT COLLATE "C" NOT NULL,
  display_name  TEXT COLLATE "C" NOT NULL,
  api_id        TEXT COLLATE "C" NOT NULL REFERENCES apis (id),
  enabled       BOOLEAN          NOT NULL DEFAULT TRUE,
  logo_url      TEXT COLLATE "C",
  primary_color TEXT COLLATE "C",
  created_at    BIGINT           NOT NULL,
  updated_at    BIGINT
);
CREATE UNIQUE INDEX portals_slug ON portals (workspace_id, slug);
CREATE UNIQUE INDEX portals_api ON portals (api_id);

-- code: what the redirect carries, once. token: what the end user's browser holds.
CREATE TABLE portal_sessions (
  id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  portal_id       TEXT COLLATE "C" NOT NULL REFERENCES portals (id) ON DELETE CASCADE,
  workspace_id    TEXT COLLATE "C" NOT NULL,
  api_id          TEXT COLLATE "C" NOT NULL,
  external_id     TEXT COLLATE "C" NOT NULL,
  scopes          TEXT COLLATE "C" NOT NULL,
  return_url      TEXT COLLATE "C",
  code_hash       TEXT COLLATE "C" NOT NULL UNIQUE,
  code_expires_at BIGINT           NOT NULL,
  token_hash      TEXT COLLATE "C" UNIQUE,
  expires_at      BIGINT,
  revoked_at      BIGINT,
  created_at      BIGINT           NOT NULL
);
CREATE INDEX portal_sessions_by_user ON portal_sessions (portal_id, external_id, id);

-- Claims of Idempotency-Key, made in the transaction of the change they name;
-- response: the answer, encrypted, once it was made.
CREATE TABLE idempotency_keys (
  workspace_id TEXT COLLATE "C" NOT NULL,
  root_key_id  TEXT COLLATE "C" NOT NULL,
  key_hash     TEXT COLLATE "C" NOT NULL,
  request_hash TEXT COLLATE "C" NOT NULL,
  response     BYTEA,
  created_at   BIGINT           NOT NULL,
  PRIMARY KEY (workspace_id, root_key_id, key_hash)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);
