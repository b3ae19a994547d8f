-- Why: the first schema. Plain rows that any SQLite tool can read; times are milliseconds since 1970.
PRAGMA application_id = 0x434C4C42; -- 'CLLB': lets us refuse to open somebody else's file

CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  study TEXT,
  arm TEXT,
  seed INTEGER NOT NULL,
  spec_text TEXT NOT NULL,
  total_steps INTEGER,
  goal_metric TEXT,
  dir TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'finished', 'failed', 'interrupted', 'non_finite')),
  reason TEXT,
  attempt INTEGER NOT NULL DEFAULT 1,
  created_ms INTEGER NOT NULL,
  started_ms INTEGER,
  ended_ms INTEGER,
  heartbeat_ms INTEGER NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  boot_id TEXT NOT NULL,                 -- a pid alone is reused after a reboot
  step INTEGER NOT NULL DEFAULT 0,
  epoch REAL NOT NULL DEFAULT 0,
  samples INTEGER NOT NULL DEFAULT 0,
  rate REAL,
  active_ms INTEGER NOT NULL DEFAULT 0,
  tick_next INTEGER NOT NULL DEFAULT 0,  -- every tick below is committed, every rollup block that ends below is written
  spool TEXT                             -- the last spool file replayed, so that none is replayed twice
) STRICT;

CREATE TABLE config (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,                   -- JSON text
  origin TEXT NOT NULL,                  -- default | override | file:line
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE environment (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,                   -- JSON text
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

-- Every x axis, once for each log call and not once for each metric.
CREATE TABLE tick (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  tick INTEGER NOT NULL,
  step INTEGER NOT NULL,
  epoch REAL NOT NULL,
  samples INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL,
  active_ms INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  superseded_by INTEGER,                 -- the attempt that did this step again; NULL for what counts
  PRIMARY KEY (run, tick)
) STRICT, WITHOUT ROWID;

-- A metric of a run, summed up, so that tables of runs never touch points.
CREATE TABLE metric (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  unit TEXT NOT NULL DEFAULT '',
  goal TEXT NOT NULL DEFAULT 'none' CHECK (goal IN ('up', 'down', 'none')),
  n INTEGER NOT NULL DEFAULT 0,
  n_nan INTEGER NOT NULL DEFAULT 0,
  n_inf INTEGER NOT NULL DEFAULT 0,
  first_bad_step INTEGER,
  last REAL,
  last_step INTEGER,
  min REAL,
  min_step INTEGER,
  max REAL,
  max_step INTEGER,
  UNIQUE (run, name)
) STRICT;

CREATE TABLE point (
  series INTEGER NOT NULL REFERENCES metric (id) ON DELETE CASCADE,
  tick INTEGER NOT NULL,
  value REAL,                            -- NULL when not finite
  flag INTEGER NOT NULL DEFAULT 0,       -- 0 finite, 1 NaN, 2 +infinity, 3 -infinity
  PRIMARY KEY (series, tick)
) STRICT, WITHOUT ROWID;

-- Block `bucket` of `level` sums up the ticks [bucket << level, (bucket + 1) << level) that count.
CREATE TABLE rollup (
  series INTEGER NOT NULL REFERENCES metric (id) ON DELETE CASCADE,
  level INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  tick0 INTEGER NOT NULL,                -- first and last tick that has a point
  tick1 INTEGER NOT NULL,
  n INTEGER NOT NULL,                    -- finite values
  n_bad INTEGER NOT NULL,                -- NaN and infinite values
  min REAL,
  max REAL,
  sum REAL NOT NULL,
  first REAL,
  last REAL,
  PRIMARY KEY (series, level, bucket)
) STRICT, WITHOUT ROWID;

-- The rank of the right answer for every query, so that significance tests need no second run.
CREATE TABLE rank (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  split TEXT NOT NULL,
  suite TEXT NOT NULL,
  direction TEXT NOT NULL,
  weights TEXT NOT NULL,                 -- raw | ema
  n INTEGER NOT NULL,
  ranks BLOB NOT NULL,                   -- n little-endian u32
  PRIMARY KEY (run, step, split, suite, direction, weights)
) STRICT;

CREATE TABLE artifact (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  step INTEGER,
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  digest TEXT,
  UNIQUE (run, kind, name)
) STRICT;

CREATE TABLE event (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  at_ms INTEGER NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
  kind TEXT NOT NULL,
  step INTEGER,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX event_of_run ON event (run, id);

CREATE TABLE tag (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  at_ms INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT;

-- What a person asks of a running run.
CREATE TABLE control (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  at_ms INTEGER NOT NULL,
  request TEXT NOT NULL CHECK (request IN ('stop', 'checkpoint')),
  taken_ms INTEGER                       -- when the run heard it
) STRICT;
CREATE INDEX control_waiting ON control (run) WHERE taken_ms IS NULL;
