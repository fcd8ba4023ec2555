-- Endpoints that are told of events, the events on their way there, and what came of each
-- attempt. A delivery is written in the transaction of the audit entry that it tells of.
CREATE TABLE webhook_endpoints (
  id                 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id       TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  url                TEXT COLLATE "C" NOT NULL,
  description        TEXT COLLATE "C",
  events             TEXT COLLATE "C" NOT NULL,
  enabled            BOOLEAN          NOT NULL,
  disabled_reason    TEXT COLLATE "C",
  failing_since      BIGINT,
  secret             BYTEA            NOT NULL,
  old_secret         BYTEA,
  old_secret_ends_at BIGINT,
  created_at         BIGINT           NOT NULL,
  updated_at         BIGINT
);
CREATE INDEX webhook_endpoints_by_workspace ON webhook_endpoints (workspace_id, id);
CREATE TABLE webhook_deliveries (
  id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  workspace_id TEXT COLLATE "C" NOT NULL REFERENCES workspaces (id),
  endpoint_id  TEXT COLLATE "C" NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
  audit_id     TEXT COLLATE "C" NOT NULL,
  event        TEXT COLLATE "C" NOT NULL,
  created_at   BIGINT           NOT NULL,
  due_at       BIGINT,
  give_up_at   BIGINT           NOT NULL,
  attempts     BIGINT           NOT NULL,
  failures     BIGINT           NOT NULL,
  delivered    BOOLEAN          NOT NULL,
  ended_at     BIGINT
);
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_by_end ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE webhook_attempts (
  delivery_id TEXT COLLATE "C" NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
  number      BIGINT           NOT NULL,
  started_at  BIGINT           NOT NULL,
  duration_ms BIGINT           NOT NULL,
  status      BIGINT,
  failure     TEXT COLLATE "C",
  answer      TEXT COLLATE "C",
  PRIMARY KEY (delivery_id, number)
);
