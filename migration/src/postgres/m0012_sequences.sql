-- The order in which audit entries and jobs were committed. Ids tell it by the
-- second only, and times are those at which requests began. A database that
-- comes here has no rows yet, so there is nothing to fill.
ALTER TABLE audit_log ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX audit_log_by_seq ON audit_log (seq);
CREATE INDEX audit_log_of_workspace ON audit_log (workspace_id, seq);
DROP INDEX audit_log_by_time;
CREATE INDEX audit_log_by_time ON audit_log (workspace_id, time, seq);

ALTER TABLE bulk_jobs ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
DROP INDEX bulk_jobs_by_workspace;
CREATE INDEX bulk_jobs_by_workspace ON bulk_jobs (workspace_id, seq);
DROP INDEX bulk_jobs_open;
CREATE INDEX bulk_jobs_open ON bulk_jobs (seq) WHERE finished_at IS NULL;
