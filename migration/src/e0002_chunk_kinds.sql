-- Chunks of requests are kept for another time than those of verifications.
ALTER TABLE chunks ADD COLUMN kind BIGINT NOT NULL DEFAULT 0;
DROP INDEX chunks_by_time;
CREATE INDEX chunks_by_time ON chunks (kind, last_time);
