-- Work on many rows: what to do, on which rows, and how it went for each.
CREATE TABLE bulk_jobs (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  work         TEXT COLLATE "C" NOT NULL,
  selection    TEXT COLLATE "C",
  actor_type   TEXT COLLATE "C" NOT NULL,
  actor_id     TEXT COLLATE "C" NOT NULL,
  session_id   TEXT COLLATE "C",
  state        TEXT COLLATE "C" NOT NULL,
  total        BIGINT           NOT NULL DEFAULT 0,
  done         BIGINT           NOT NULL DEFAULT 0,
  failed       BIGINT           NOT NULL DEFAULT 0,
  error        TEXT COLLATE "C",
  created_at   BIGINT           NOT NULL,
  finished_at  BIGINT
);
CREATE INDEX bulk_jobs_by_workspace ON bulk_jobs (workspace_id, id);
CREATE INDEX bulk_jobs_open ON bulk_jobs (id) WHERE finished_at IS NULL;

CREATE TABLE bulk_rows (
  job_id   TEXT COLLATE "C" NOT NULL REFERENCES bulk_jobs (id) ON DELETE CASCADE,
  position BIGINT           NOT NULL,
  subject  TEXT COLLATE "C" NOT NULL,
  payload  TEXT COLLATE "C",
  state    TEXT COLLATE "C" NOT NULL,
  message  TEXT COLLATE "C",
  PRIMARY KEY (job_id, position)
);
CREATE INDEX bulk_rows_open ON bulk_rows (job_id, position) WHERE state = 'waiting';
