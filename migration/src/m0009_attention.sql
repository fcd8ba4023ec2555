-- Keys that will need a hand, and keys that wait for a migration: pages count
-- them without walking a million others. The second index holds a key only once
-- it has next to nothing left, so that spending touches no index before.
CREATE INDEX keys_by_expiry ON keys (workspace_id, expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX keys_short_of_credits ON keys (workspace_id, remaining) WHERE remaining < 10 AND deleted_at IS NULL;
CREATE INDEX keys_by_migration ON keys (migration_id) WHERE migration_id IS NOT NULL AND deleted_at IS NULL;
