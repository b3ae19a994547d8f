-- Why: a list of 50,000 runs read past the text of every spec, and a filter on a setting or a metric read the settings and
-- metrics of all runs. These indexes hold what lists and filters read, and no other table is read. About 5 KB for each run.
CREATE INDEX IF NOT EXISTS run_listed ON run (uid, name, study, arm, seed, status, reason, attempt, started_ms, ended_ms,
  heartbeat_ms, step, epoch, samples, total_steps, rate, active_ms, goal_metric, host, boot_id, pid);
CREATE INDEX IF NOT EXISTS config_of_key ON config (key, value);
CREATE INDEX IF NOT EXISTS metric_of_name ON metric (name, run, last, min, max);
