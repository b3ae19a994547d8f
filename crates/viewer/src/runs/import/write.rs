//! Writes an imported run.

use anyhow::Result;
use clip_lab_import::{Direction, ImportedRun};
use clip_lab_store::{
    ConfigEntry, Environment, Goal, Import, ImportedPoints, Level, NewRun, Origin, Store, StoreError, Tick,
};
use serde_json::json;

use super::{plan::Plan, progress::Progress};

/// Values per transaction: a live run waits for it, at most a few tenths of a second.
const BATCH: usize = 16_384;

/// Writes what is new of a run, and tags it.
pub fn write(
    store: &Store,
    run: &ImportedRun,
    plan: &Plan,
    tags: &[String],
    progress: &mut Progress,
) -> Result<()> {
    if !plan.is_done() {
        let origin = Origin { host: run.host.clone().unwrap_or_default(), started_ms: run.started_ms };
        let import = store.import(&new_run(run, plan), &origin)?;
        fill(import, run, plan, progress)?;
    }
    let row = store.reader()?.run(&plan.uid)?;
    for tag in run.tags.iter().chain(tags) {
        store.tag(row.id, tag)?;
    }
    if plan.existing.is_none() {
        run.notes.iter().try_for_each(|note| store.note(row.id, note))?;
    }
    Ok(())
}

fn new_run(run: &ImportedRun, plan: &Plan) -> NewRun {
    let entry = |setting: &clip_lab_import::Setting| ConfigEntry {
        key: setting.key.clone(),
        value: setting.value.clone(),
        origin: setting.origin.clone(),
    };
    let mut environment =
        Environment { git_commit: run.commit.clone(), host: run.host.clone(), ..Environment::default() };
    environment.extra.insert("imported".into(), json!(run.kind.as_str()));
    NewRun {
        uid: plan.uid.clone(),
        name: run.name.clone(),
        seed: run.seed().unwrap_or(0),
        config: run.settings.iter().map(entry).collect(),
        environment,
        ..NewRun::default()
    }
}

fn fill(mut import: Import<'_>, run: &ImportedRun, plan: &Plan, progress: &mut Progress) -> Result<()> {
    for (metric, direction) in run.directions.iter().filter(|(metric, _)| run.points.has(metric)) {
        let goal = if *direction == Direction::Up { Goal::Up } else { Goal::Down };
        import.describe_metric(metric, goal)?;
    }
    let epoch = plan.existing.as_ref().map_or(0.0, |row| row.epoch);
    let newest = |metric: &str| plan.newest.get(metric).copied();
    let (mut batch, mut values, mut written) = (Vec::new(), 0, 0);
    run.points.rows(newest, epoch, |row| {
        values += row.values.len();
        let at = Tick { step: row.step, epoch: row.epoch, samples: 0 };
        batch.push(ImportedPoints { at, wall_ms: row.ms, values: row.values });
        if values >= BATCH {
            import.write(&batch)?;
            batch.clear();
            written += std::mem::take(&mut values);
            progress.report(|| format!("importing {}: {written} of {} points", run.name, plan.new_points));
        }
        Ok::<(), StoreError>(())
    })?;
    import.write(&batch)?;
    import.event(Level::Info, "import", &event(run, plan))?;
    let last = run.points.times().map_or(run.started_ms, |(_, last)| last);
    let before = plan.existing.as_ref().and_then(|row| row.ended_ms).unwrap_or(last);
    Ok(import.finish(plan.status, plan.reason.as_deref(), last.max(before))?)
}

fn event(run: &ImportedRun, plan: &Plan) -> String {
    let left_out = run.left_out.to_string();
    let left_out = if left_out.is_empty() { left_out } else { format!("; left out: {left_out}") };
    format!("{} points of {}{left_out}", plan.new_points, run.kind.as_str())
}
