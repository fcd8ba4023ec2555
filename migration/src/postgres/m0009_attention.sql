-- Keys that will need a hand, and keys that wait for a migration: pages count
-- them without walking a million others.
CREATE INDEX keys_by_expiry ON keys (workspace_id, expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX keys_by_migration ON keys (migration_id) WHERE migration_id IS NOT NULL AND deleted_at IS NULL;

-- Keys that once had next to nothing left. No index, because one that mentions
-- the balance, even in its condition, makes every spent credit write all indexes.
-- A key stays here when its balance rises: readers look at the balance.
CREATE TABLE short_of_credits (
  key_id TEXT COLLATE "C" PRIMARY KEY REFERENCES keys (id) ON DELETE CASCADE
);

INSERT INTO short_of_credits (key_id) SELECT id FROM keys WHERE remaining < 10;

CREATE FUNCTION keys_short_of_credits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO short_of_credits (key_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;

CREATE TRIGGER keys_short_on_insert AFTER INSERT ON keys
FOR EACH ROW WHEN (NEW.remaining < 10) EXECUTE FUNCTION keys_short_of_credits();

-- Only as the balance falls below: what is spent after that costs nothing more.
CREATE TRIGGER keys_short_on_spend AFTER UPDATE OF remaining ON keys
FOR EACH ROW WHEN (NEW.remaining < 10 AND (OLD.remaining IS NULL OR OLD.remaining >= 10))
EXECUTE FUNCTION keys_short_of_credits();
