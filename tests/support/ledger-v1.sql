CREATE TABLE meta (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

-- A stretch in which a workspace is seen busy, while it lasts. `sightings` counts the looks that it
-- rests on; the last one was at `sighted_ms`, by `sighted_by`.
CREATE TABLE spells (
  platform TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  turn_id TEXT,
  first_seen_ms BIGINT NOT NULL,
  last_seen_ms BIGINT NOT NULL,
  started_ms BIGINT,
  started_by TEXT,
  idle_since_ms BIGINT,
  idle_before_ms BIGINT,
  current_task TEXT,
  sightings BIGINT NOT NULL,
  sighted_ms BIGINT NOT NULL,
  sighted_by TEXT NOT NULL,
  PRIMARY KEY (platform, workspace_id)
);

-- The same when it is over. `idle_ms`: when the workspace was then seen idle, if it was.
CREATE TABLE past_spells (
  platform TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  turn_id TEXT,
  first_seen_ms BIGINT NOT NULL,
  last_seen_ms BIGINT NOT NULL,
  started_ms BIGINT,
  started_by TEXT,
  current_task TEXT,
  sightings BIGINT NOT NULL,
  sighted_ms BIGINT NOT NULL,
  sighted_by TEXT NOT NULL,
  ended_ms BIGINT NOT NULL,
  idle_ms BIGINT
);
CREATE INDEX past_spells_by_end ON past_spells (ended_ms);
CREATE INDEX past_spells_by_workspace ON past_spells (platform, workspace_id);

-- A configured ceiling as last read. Neither `seconds` nor `wrong`: the configuration names none.
CREATE TABLE ceilings (
  platform TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  seconds BIGINT,
  wrong TEXT,
  read_ms BIGINT NOT NULL,
  PRIMARY KEY (platform, workspace_id)
);

-- A request that was about to be sent, then what came back, then how it ended for the turn.
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  platform TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  workspace_name TEXT,
  turn_key TEXT NOT NULL,
  request_id TEXT NOT NULL,
  round BIGINT NOT NULL,
  begun_ms BIGINT NOT NULL,
  who TEXT NOT NULL,
  reason TEXT NOT NULL,
  request TEXT NOT NULL,
  restart BOOLEAN NOT NULL,
  turn_before TEXT NOT NULL,
  answered_ms BIGINT,
  answer TEXT,
  says TEXT,
  ended_ms BIGINT,
  outcome TEXT,
  why TEXT,
  turn_after TEXT
);
CREATE INDEX attempts_by_turn ON attempts (platform, workspace_id, turn_key);
CREATE INDEX attempts_by_time ON attempts (begun_ms);
