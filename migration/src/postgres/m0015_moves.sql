-- A move of this database to another engine, or from one: what side of it this is.
-- One that is not finished is the target's business: it holds half of the rows.
CREATE TABLE moves (
  side        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  move_id     TEXT COLLATE "C" NOT NULL,
  finished_at BIGINT
);
