//! Rows as records.

use sqlx::{Row as _, sqlite::SqliteRow};

use crate::{
    db::Host,
    transfer::types::{Exact, Extent, MetricRecord, RunRecord, RunState, TickRecord},
};

pub fn state(row: &SqliteRow) -> Result<RunState, sqlx::Error> {
    let process =
        Host { host: row.try_get("host")?, boot_id: row.try_get("boot_id")?, pid: row.try_get("pid")? };
    let extent = Extent {
        attempt: row.try_get("attempt")?,
        logged: row.try_get("tick_next")?,
        heartbeat_ms: row.try_get("heartbeat_ms")?,
        ended_ms: row.try_get::<Option<i64>, _>("ended_ms")?.unwrap_or_default(),
        complete: !process.host.is_empty(),
        status: row.try_get("status")?,
    };
    let (uid, name) = (row.try_get("uid")?, row.try_get("name")?);
    Ok(RunState { uid, name, extent, process, digest: String::new() })
}

pub fn record(row: &SqliteRow) -> Result<RunRecord, sqlx::Error> {
    Ok(RunRecord {
        name: row.try_get("name")?,
        study: row.try_get("study")?,
        arm: row.try_get("arm")?,
        seed: row.try_get("seed")?,
        spec_text: row.try_get("spec_text")?,
        total_steps: row.try_get("total_steps")?,
        goal_metric: row.try_get("goal_metric")?,
        reason: row.try_get("reason")?,
        created_ms: row.try_get("created_ms")?,
        started_ms: row.try_get("started_ms")?,
        ended_ms: row.try_get("ended_ms")?,
        step: row.try_get("step")?,
        epoch: Exact(row.try_get("epoch")?),
        samples: row.try_get("samples")?,
        rate: row.try_get::<Option<f64>, _>("rate")?.map(Exact),
        active_ms: row.try_get("active_ms")?,
    })
}

pub fn metric(row: &SqliteRow) -> Result<MetricRecord, sqlx::Error> {
    let real = |name: &str| row.try_get::<Option<f64>, _>(name).map(|value| value.map(Exact));
    Ok(MetricRecord {
        name: row.try_get("name")?,
        unit: row.try_get("unit")?,
        goal: row.try_get("goal")?,
        counts: [row.try_get("n")?, row.try_get("n_nan")?, row.try_get("n_inf")?],
        first_bad_step: row.try_get("first_bad_step")?,
        values: [real("last")?, real("min")?, real("max")?],
        steps: [row.try_get("last_step")?, row.try_get("min_step")?, row.try_get("max_step")?],
    })
}

pub fn tick_record(row: &SqliteRow) -> Result<TickRecord, sqlx::Error> {
    Ok(TickRecord {
        tick: row.try_get(0)?,
        step: row.try_get(1)?,
        epoch: Exact(row.try_get(2)?),
        samples: row.try_get(3)?,
        wall_ms: row.try_get(4)?,
        active_ms: row.try_get(5)?,
        attempt: row.try_get(6)?,
        superseded_by: row.try_get(7)?,
    })
}
