-- The root key that made this one, or that it replaces: their requests count
-- together, so that a budget is not multiplied by making more root keys.
ALTER TABLE root_keys ADD COLUMN budget_key_id TEXT COLLATE "C";

-- Nothing locks an account any more: attempts are counted by the rate limiter.
ALTER TABLE users DROP COLUMN failed_logins;
ALTER TABLE users DROP COLUMN locked_until;
