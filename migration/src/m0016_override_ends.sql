-- Overrides that end: until `expires_at` one says `max_count` and `duration_ms`, then
-- what it had replaced, if that was an override without an end.
ALTER TABLE overrides ADD COLUMN expires_at BIGINT;
ALTER TABLE overrides ADD COLUMN afterwards_max_count BIGINT;
ALTER TABLE overrides ADD COLUMN afterwards_duration_ms BIGINT;
CREATE INDEX overrides_expiry ON overrides (expires_at) WHERE expires_at IS NOT NULL;
