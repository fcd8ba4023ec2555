ALTER TABLE users ADD COLUMN theme TEXT COLLATE "C" NOT NULL DEFAULT 'system';
-- Second factor. totp_secret: encrypted; totp_last_step: the newest step whose
-- code was accepted, so that none counts twice.
ALTER TABLE users ADD COLUMN totp_secret BYTEA;
ALTER TABLE users ADD COLUMN totp_last_step BIGINT;

CREATE TABLE recovery_codes (
  user_id   TEXT COLLATE "C" NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  code_hash TEXT COLLATE "C" NOT NULL,
  used_at   BIGINT,
  PRIMARY KEY (user_id, code_hash)
);

-- email: when set, the only address that may accept.
CREATE TABLE invitations (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  token_hash   TEXT COLLATE "C" NOT NULL UNIQUE,
  role         TEXT COLLATE "C" NOT NULL,
  email        TEXT COLLATE "C",
  created_by   TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT           NOT NULL,
  expires_at   BIGINT           NOT NULL,
  accepted_at  BIGINT,
  revoked_at   BIGINT
);
CREATE INDEX invitations_by_workspace ON invitations (workspace_id, id);

-- ciphertext: under a key that only the token of the link gives; NULL once revealed.
CREATE TABLE secret_links (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  token_hash   TEXT COLLATE "C" NOT NULL UNIQUE,
  key_id       TEXT COLLATE "C" NOT NULL,
  key_name     TEXT COLLATE "C",
  ciphertext   BYTEA,
  created_at   BIGINT           NOT NULL,
  expires_at   BIGINT           NOT NULL
);
CREATE INDEX secret_links_by_expiry ON secret_links (expires_at);

CREATE TABLE saved_views (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  user_id      TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  page         TEXT COLLATE "C" NOT NULL,
  name         TEXT COLLATE "C" NOT NULL,
  query        TEXT COLLATE "C" NOT NULL,
  shared       BOOLEAN          NOT NULL DEFAULT FALSE,
  created_at   BIGINT           NOT NULL
);
CREATE UNIQUE INDEX saved_views_name ON saved_views (workspace_id, user_id, page, name);
