//! The horizontal axis: names, order and units.

use clip_lab_store::{Axis, Bucket, Point, RunRow};

use super::Unit;

/// Every axis with its name in layouts and options, in the order of the `x` key.
pub const ALL: [(Axis, &str); 5] = [
    (Axis::Step, "step"),
    (Axis::Epoch, "epoch"),
    (Axis::Samples, "samples"),
    (Axis::WallSeconds, "wall"),
    (Axis::ActiveSeconds, "active"),
];

/// The name of an axis in layouts and options.
pub fn name(axis: Axis) -> &'static str {
    ALL.iter().find(|(candidate, _)| *candidate == axis).map_or("step", |(_, name)| name)
}

/// The axis called `name`.
pub fn named(name: &str) -> Option<Axis> {
    ALL.iter().find(|(_, candidate)| *candidate == name).map(|(axis, _)| *axis)
}

/// The axis after this one.
pub fn next(axis: Axis) -> Axis {
    let at = ALL.iter().position(|(candidate, _)| *candidate == axis).unwrap_or(0);
    ALL[(at + 1) % ALL.len()].0
}

/// The title of an axis.
pub fn title(axis: Axis) -> &'static str {
    match axis {
        Axis::WallSeconds => "wall time",
        Axis::ActiveSeconds => "active time",
        other => name(other),
    }
}

/// The unit of its tick labels.
pub fn unit(axis: Axis) -> Unit {
    match axis {
        Axis::WallSeconds | Axis::ActiveSeconds => Unit::Seconds,
        _ => Unit::Number,
    }
}

/// The x position of a bucket's mean.
pub fn middle(bucket: &Bucket) -> f64 {
    bucket.x0 / 2.0 + bucket.x1 / 2.0
}

/// The x position of a point of `run`.
pub fn of(axis: Axis, point: &Point, run: &RunRow) -> f64 {
    match axis {
        Axis::Step => point.step as f64,
        Axis::Epoch => point.epoch,
        Axis::Samples => point.samples as f64,
        Axis::WallSeconds => point.wall_ms.saturating_sub(run.started_ms) as f64 / 1000.0,
        Axis::ActiveSeconds => point.active_ms as f64 / 1000.0,
    }
}

/// Average axis units per step of `run`: smoothing is in steps on every axis.
pub fn per_step(axis: Axis, run: &RunRow) -> f64 {
    let steps = run.step.max(1) as f64;
    match axis {
        Axis::Step => 1.0,
        Axis::Epoch => run.epoch / steps,
        Axis::Samples => run.samples as f64 / steps,
        Axis::WallSeconds => run.heartbeat_ms.saturating_sub(run.started_ms).max(0) as f64 / 1000.0 / steps,
        Axis::ActiveSeconds => run.active_ms as f64 / 1000.0 / steps,
    }
}
