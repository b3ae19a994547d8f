-- Why: weights are evaluated again after training, on other data or with other prompts. That is no point of the training
-- curve, and many of them may stand beside each other. Their ranks lie in `rank`, under the evaluation's name as split.
CREATE TABLE evaluation (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  at_ms INTEGER NOT NULL,
  name TEXT NOT NULL,                    -- what its metrics begin with, as those of training begin with `test`
  step INTEGER NOT NULL,                 -- of the weights
  weights TEXT NOT NULL,                 -- raw | ema
  data TEXT NOT NULL,                    -- fingerprint of pictures, captions and classes
  settings TEXT NOT NULL                 -- JSON: checkpoint, where the data lies, suites with templates
) STRICT;
CREATE INDEX evaluation_of_run ON evaluation (run, id);

CREATE TABLE evaluation_metric (
  evaluation INTEGER NOT NULL REFERENCES evaluation (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  goal TEXT NOT NULL CHECK (goal IN ('up', 'down', 'none')),
  value REAL,                            -- NULL when not finite
  PRIMARY KEY (evaluation, name)
) STRICT, WITHOUT ROWID;
