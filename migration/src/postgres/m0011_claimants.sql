-- Keys are claimed by sessions and jobs, too, not by root keys alone.
ALTER TABLE idempotency_keys RENAME COLUMN root_key_id TO claimant;
