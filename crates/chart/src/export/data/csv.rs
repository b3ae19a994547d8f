//! Points as CSV.

use super::Line;
use crate::figure::NonFinite;
use anyhow::Result;
use clip_lab_escape::cell;

/// Writes a header, then one line per point. Floats round-trip exactly.
pub fn csv(lines: &[Line]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(["run", "name", "metric", "step", "epoch", "samples", "wall_s", "active_s", "value"])?;
    for line in lines {
        let point = &line.point;
        writer.write_record([
            cell(&line.run).into_owned(),
            cell(&line.name).into_owned(),
            cell(&line.metric).into_owned(),
            point.step.to_string(),
            point.epoch.to_string(),
            point.samples.to_string(),
            line.wall_s.to_string(),
            (point.active_ms as f64 / 1000.0).to_string(),
            NonFinite::of(point.value).map_or_else(|| point.value.to_string(), |bad| bad.name().to_string()),
        ])?;
    }
    Ok(writer.into_inner()?)
}

#[cfg(test)]
mod tests {
    use clip_lab_store::Point;

    use super::*;

    #[test]
    fn values_come_back_to_the_bit_and_names_survive_commas() {
        let values = [0.1 + 0.2, f64::MIN_POSITIVE, -1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let point = Point { step: 3, epoch: 0.5, samples: 96, wall_ms: 0, active_ms: 1500, value: 0.0 };
        let lines: Vec<Line> = values
            .iter()
            .map(|value| Line {
                run: "u".to_string(),
                name: "a, \"b\"".to_string(),
                metric: "train/loss".to_string(),
                wall_s: 2.25,
                point: Point { value: *value, ..point },
            })
            .collect();
        let bytes = csv(&lines).expect("memory can be written");
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        for (record, value) in reader.records().zip(values) {
            let record = record.expect("what was written can be read");
            assert_eq!(&record[1], "a, \"b\"");
            assert_eq!((&record[3], &record[6], &record[7]), ("3", "2.25", "1.5"));
            let read: f64 = record[8].parse().expect("a number");
            assert!(read == value || (read.is_nan() && value.is_nan()));
        }
    }
}
