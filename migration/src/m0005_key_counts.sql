-- How many live keys an API has, kept by the database itself: lists show it for
-- every API, and counting a million rows would cost more than the page.
ALTER TABLE apis ADD COLUMN live_keys BIGINT NOT NULL DEFAULT 0;

UPDATE apis SET live_keys = (SELECT COUNT(*) FROM keys WHERE keys.api_id = apis.id AND keys.deleted_at IS NULL);

CREATE TRIGGER keys_counted_on_insert AFTER INSERT ON keys WHEN NEW.deleted_at IS NULL
BEGIN
  UPDATE apis SET live_keys = live_keys + 1 WHERE id = NEW.api_id;
END;

CREATE TRIGGER keys_counted_on_delete AFTER DELETE ON keys WHEN OLD.deleted_at IS NULL
BEGIN
  UPDATE apis SET live_keys = live_keys - 1 WHERE id = OLD.api_id;
END;

CREATE TRIGGER keys_counted_on_mark AFTER UPDATE OF deleted_at ON keys
WHEN (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)
BEGIN
  UPDATE apis SET live_keys = live_keys + CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END WHERE id = NEW.api_id;
END;

CREATE INDEX keys_by_workspace ON keys (workspace_id, id) WHERE deleted_at IS NULL;
