-- Why: the panels that show what a model sees need similarities, answers and thumbnails of every evaluation.
CREATE TABLE probe (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  split TEXT NOT NULL,
  weights TEXT NOT NULL,                 -- raw | ema
  seen TEXT NOT NULL,                    -- JSON: texts, pictures, similarities, answers
  PRIMARY KEY (run, step, split, weights)
) STRICT;

-- Thumbnails, once for all runs: the same pictures are shown at every evaluation of every run on the same data.
-- One that no run shows any more stays; a few KiB each.
CREATE TABLE picture (
  digest TEXT PRIMARY KEY,               -- of the content
  jpeg BLOB NOT NULL
) STRICT;
