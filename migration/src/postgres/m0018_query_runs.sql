-- Queries that people asked on the page Query, each once: when it was asked last, and
-- what came of it. A person's own, for as long as they belong to the workspace.
CREATE TABLE query_runs (
  workspace_id TEXT COLLATE "C" NOT NULL,
  user_id      TEXT COLLATE "C" NOT NULL,
  query_hash   TEXT COLLATE "C" NOT NULL,
  query        TEXT COLLATE "C" NOT NULL,
  asked_at     BIGINT           NOT NULL,
  took_ms      BIGINT           NOT NULL,
  row_count    BIGINT,
  error        TEXT COLLATE "C",
  PRIMARY KEY (workspace_id, user_id, query_hash),
  FOREIGN KEY (workspace_id, user_id) REFERENCES memberships (workspace_id, user_id) ON DELETE CASCADE
);
