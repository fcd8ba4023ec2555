-- Programs that ask people for a root key by OAuth, and what people allowed them
-- until they fetch it.
CREATE TABLE oauth_clients (
  id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  name          TEXT COLLATE "C" NOT NULL,
  redirect_uris TEXT COLLATE "C" NOT NULL,
  created_at    BIGINT           NOT NULL,
  allowed_at    BIGINT
);
CREATE INDEX oauth_clients_never_allowed ON oauth_clients (created_at) WHERE allowed_at IS NULL;
CREATE TABLE oauth_codes (
  hash             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  client_id        TEXT COLLATE "C" NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
  workspace_id     TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  session_id       TEXT COLLATE "C" NOT NULL,
  redirect_uri     TEXT COLLATE "C" NOT NULL,
  code_challenge   TEXT COLLATE "C" NOT NULL,
  resource         TEXT COLLATE "C" NOT NULL,
  name             TEXT COLLATE "C",
  is_full          BOOLEAN          NOT NULL,
  permissions      TEXT COLLATE "C" NOT NULL,
  key_expires_at   BIGINT,
  ip_allowlist     TEXT COLLATE "C",
  limit_per_minute BIGINT,
  root_key_id      TEXT COLLATE "C",
  expires_at       BIGINT           NOT NULL
);
CREATE INDEX oauth_codes_by_client ON oauth_codes (client_id);
CREATE INDEX oauth_codes_by_expiry ON oauth_codes (expires_at);
-- Of a root key that such a program got.
ALTER TABLE root_keys ADD COLUMN oauth_client_id TEXT COLLATE "C";
ALTER TABLE root_keys ADD COLUMN oauth_client_name TEXT COLLATE "C";
