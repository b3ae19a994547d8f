//! The points of a run, as `clip-lab export` writes them.

use anyhow::{Context, Result};

/// A recorded value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub step: u64,
    pub samples: f64,
    /// Time since the run started, without pauses.
    pub seconds: f64,
    pub value: f64,
}

/// Reads the CSV of one metric.
///
/// # Errors
/// If a column is missing or a field is no number.
pub fn read(csv: &str) -> Result<Vec<Point>> {
    let mut lines = csv.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column =
        |name| header.iter().position(|column| *column == name).with_context(|| format!("no column {name}"));
    let columns = [column("step")?, column("samples")?, column("active_s")?, column("value")?];
    let point = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |column: usize| fields.get(column)?.parse::<f64>().ok();
        let [step, samples, seconds, value] = columns.map(number);
        let point =
            || Some(Point { step: step? as u64, samples: samples?, seconds: seconds?, value: value? });
        point().with_context(|| format!("not a point: `{line}`"))
    };
    lines.map(point).collect()
}

/// Pairs per second after the first `warmup` steps, from the end of one step to the end of another: whatever happens
/// between steps counts.
///
/// # Errors
/// If there is no later step.
pub fn rate(points: &[Point], warmup: u64) -> Result<f64> {
    let first = points.iter().find(|point| point.step >= warmup).context("too few steps were recorded")?;
    let last = points.last().filter(|last| last.step > first.step).context("no step after the warm-up")?;
    Ok((last.samples - first.samples) / (last.seconds - first.seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "\
run,name,metric,step,epoch,samples,wall_s,active_s,value
01M8,lit,train/loss,1,1,16,9.1,9.0,2.5
01M8,lit,train/loss,2,2,32,11.1,11.0,1.5
01M8,lit,train/loss,3,3,48,13.1,13.0,0.5
";

    #[test]
    fn warm_up_does_not_count() {
        let points = read(CSV).unwrap();
        assert_eq!(points[1], Point { step: 2, samples: 32.0, seconds: 11.0, value: 1.5 });
        assert_eq!(rate(&points, 1).unwrap(), 8.0);
        assert_eq!(rate(&points, 2).unwrap(), 8.0);
        assert!(rate(&points, 3).unwrap_err().to_string().contains("no step after"));
        assert!(rate(&points, 4).is_err());
    }

    #[test]
    fn a_changed_table_is_an_error() {
        assert!(read("run,step,value\n").unwrap_err().to_string().contains("no column samples"));
        assert!(
            read(&format!("{CSV}01M8,lit,train/loss,x\n")).unwrap_err().to_string().contains("not a point")
        );
    }
}
