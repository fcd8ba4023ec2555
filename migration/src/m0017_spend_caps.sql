-- Spend caps: the credits that all keys of an identity may spend in a calendar month of
-- UTC, and what was spent of them, counted while there is a cap. `near_cap` says that
-- most of it is spent, so that those who are to be warned of are found without the others.
ALTER TABLE identities ADD COLUMN monthly_credits BIGINT;

CREATE TABLE identity_months (
  identity_id   TEXT    NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
  month_ms      BIGINT  NOT NULL,
  workspace_id  TEXT    NOT NULL REFERENCES workspaces (id),
  spent_credits BIGINT  NOT NULL,
  near_cap      BOOLEAN NOT NULL DEFAULT FALSE,
  PRIMARY KEY (identity_id, month_ms)
);
CREATE INDEX identity_months_by_month ON identity_months (month_ms);
CREATE INDEX identity_months_near_cap ON identity_months (workspace_id, month_ms) WHERE near_cap;
