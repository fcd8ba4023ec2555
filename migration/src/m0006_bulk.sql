-- Work on many rows: what to do, on which rows, and how it went for each.
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
);
CREATE INDEX bulk_jobs_by_workspace ON bulk_jobs (workspace_id, id);
CREATE INDEX bulk_jobs_open ON bulk_jobs (id) WHERE finished_at IS NULL;

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
