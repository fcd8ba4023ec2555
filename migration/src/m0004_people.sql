ALTER TABLE users ADD COLUMN theme TEXT NOT NULL DEFAULT 'system';
-- Second factor. totp_secret: encrypted; totp_last_step: the newest step whose
-- code was accepted, so that none counts twice.
ALTER TABLE users ADD COLUMN totp_secret BLOB;
ALTER TABLE users ADD COLUMN totp_last_step BIGINT;

CREATE TABLE recovery_codes (
  user_id   TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  code_hash TEXT   NOT NULL,
  used_at   BIGINT,
  PRIMARY KEY (user_id, code_hash)
);

-- email: when set, the only address that may accept.
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

-- ciphertext: under a key that only the token of the link gives; NULL once revealed.
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
