-- Endpoints that are told of events, the events on their way there, and what came of each
-- attempt. A delivery is written in the transaction of the audit entry that it tells of.
CREATE TABLE webhook_endpoints (
  id                 TEXT    NOT NULL PRIMARY KEY,
  workspace_id       TEXT    NOT NULL REFERENCES workspaces (id),
  url                TEXT    NOT NULL,
  description        TEXT,
  events             TEXT    NOT NULL,
  enabled            BOOLEAN NOT NULL,
  disabled_reason    TEXT,
  failing_since      BIGINT,
  secret             BLOB    NOT NULL,
  old_secret         BLOB,
  old_secret_ends_at BIGINT,
  created_at         BIGINT  NOT NULL,
  updated_at         BIGINT
);
CREATE INDEX webhook_endpoints_by_workspace ON webhook_endpoints (workspace_id, id);
CREATE TABLE webhook_deliveries (
  id           TEXT    NOT NULL PRIMARY KEY,
  workspace_id TEXT    NOT NULL REFERENCES workspaces (id),
  endpoint_id  TEXT    NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
  audit_id     TEXT    NOT NULL,
  event        TEXT    NOT NULL,
  created_at   BIGINT  NOT NULL,
  due_at       BIGINT,
  give_up_at   BIGINT  NOT NULL,
  attempts     BIGINT  NOT NULL,
  failures     BIGINT  NOT NULL,
  delivered    BOOLEAN NOT NULL,
  ended_at     BIGINT
);
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_end ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE webhook_attempts (
  delivery_id TEXT   NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
  number      BIGINT NOT NULL,
  started_at  BIGINT NOT NULL,
  duration_ms BIGINT NOT NULL,
  status      BIGINT,
  failure     TEXT,
  answer      TEXT,
  PRIMARY KEY (delivery_id, number)
);
