//! Export of points, never smoothed or downsampled.

pub mod csv;
pub mod parquet;
pub mod tensorboard;

use anyhow::Result;
use clip_lab_store::{Point, Reader, RunRow};

/// One point of one metric of one run.
#[derive(Debug, Clone)]
pub struct Line {
    /// The run's uid.
    pub run: String,
    /// The run's name.
    pub name: String,
    /// The metric.
    pub metric: String,
    /// Seconds since the run was first started.
    pub wall_s: f64,
    /// The value with its other coordinates.
    pub point: Point,
}

/// Every point of `metrics` (all if empty) of `runs`, run by run.
///
/// # Errors
/// If the store cannot be read, or a run lacks a metric.
pub fn points(reader: &Reader, runs: &[RunRow], metrics: &[String]) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for run in runs {
        let names: Vec<String> = match metrics {
            [] => reader.series(run.id)?.into_iter().map(|series| series.name).collect(),
            named => named.to_vec(),
        };
        for metric in names {
            let points: Vec<Point> = reader.points(run.id, &metric)?;
            lines.extend(points.into_iter().map(|point| Line {
                run: run.uid.clone(),
                name: run.name.clone(),
                metric: metric.clone(),
                wall_s: point.wall_ms.saturating_sub(run.started_ms) as f64 / 1000.0,
                point,
            }));
        }
    }
    Ok(lines)
}
