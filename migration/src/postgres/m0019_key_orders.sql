-- Lists of the keys of an API by name, whatever the case of its letters, and by expiry.
-- All keys are in both, those without a name or an expiry too: they are at the end of the
-- list, and found there without the others.
CREATE INDEX keys_by_name ON keys (api_id, lower(name), id) WHERE deleted_at IS NULL;
CREATE INDEX keys_by_end ON keys (api_id, expires_at, id) WHERE deleted_at IS NULL;
