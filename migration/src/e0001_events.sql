-- events.db: what happened, and what the rate limiter must remember.

CREATE TABLE chunks (
  id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  version    BIGINT  NOT NULL,
  first_time BIGINT  NOT NULL,
  last_time  BIGINT  NOT NULL,
  events     BIGINT  NOT NULL,
  body       BLOB    NOT NULL
);
CREATE INDEX chunks_by_time ON chunks (last_time);

-- One row per rate-limit counter that is still in its window or the one after.
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
