-- How many live keys an API has, kept by the database itself: lists show it for
-- every API, and counting a million rows would cost more than the page.
ALTER TABLE apis ADD COLUMN live_keys BIGINT NOT NULL DEFAULT 0;

UPDATE apis SET live_keys = (SELECT COUNT(*) FROM keys WHERE keys.api_id = apis.id AND keys.deleted_at IS NULL);

-- The triggers choose the rows; this only counts up or down.
CREATE FUNCTION keys_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    UPDATE apis SET live_keys = live_keys - 1 WHERE id = OLD.api_id;
  ELSE
    UPDATE apis SET live_keys = live_keys + CASE WHEN NEW.deleted_at IS NULL THEN 1 ELSE -1 END WHERE id = NEW.api_id;
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER keys_counted_on_insert AFTER INSERT ON keys
FOR EACH ROW WHEN (NEW.deleted_at IS NULL) EXECUTE FUNCTION keys_counted();

CREATE TRIGGER keys_counted_on_delete AFTER DELETE ON keys
FOR EACH ROW WHEN (OLD.deleted_at IS NULL) EXECUTE FUNCTION keys_counted();

CREATE TRIGGER keys_counted_on_mark AFTER UPDATE OF deleted_at ON keys
FOR EACH ROW WHEN ((OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)) EXECUTE FUNCTION keys_counted();

CREATE INDEX keys_by_workspace ON keys (workspace_id, id) WHERE deleted_at IS NULL;
