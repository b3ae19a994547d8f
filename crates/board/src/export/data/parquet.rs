//! Raw points as a Parquet table, for pandas, polars and DuckDB. NaN and infinities stay what they are.

use std::sync::Arc;

use anyhow::Result;
use parquet::{
    column::writer::ColumnWriter,
    data_type::ByteArray,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

use super::Line;

const SCHEMA: &str = "message points {
    required byte_array run (UTF8);
    required byte_array name (UTF8);
    required byte_array metric (UTF8);
    required int64 step;
    required double epoch;
    required int64 samples;
    required double wall_s;
    required double active_s;
    required double value;
}";

/// The columns in the order of [`SCHEMA`].
enum Column {
    Words(fn(&Line) -> &str),
    Whole(fn(&Line) -> i64),
    Real(fn(&Line) -> f64),
}

const COLUMNS: [Column; 9] = [
    Column::Words(|line| &line.run),
    Column::Words(|line| &line.name),
    Column::Words(|line| &line.metric),
    Column::Whole(|line| line.point.step as i64),
    Column::Real(|line| line.point.epoch),
    Column::Whole(|line| line.point.samples as i64),
    Column::Real(|line| line.wall_s),
    Column::Real(|line| line.point.active_ms as f64 / 1000.0),
    Column::Real(|line| line.point.value),
];

/// The file.
///
/// # Errors
/// None that a user can meet: it is written to memory.
pub fn parquet(lines: &[Line]) -> Result<Vec<u8>> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let by = format!("clip-lab {}", env!("CARGO_PKG_VERSION"));
    let properties = Arc::new(WriterProperties::builder().set_created_by(by).build());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, properties)?;
    let mut group = file.next_row_group()?;
    for column in COLUMNS {
        let Some(mut writer) = group.next_column()? else { break };
        match (writer.untyped(), column) {
            (ColumnWriter::ByteArrayColumnWriter(writer), Column::Words(of)) => {
                let values: Vec<ByteArray> = lines.iter().map(|line| of(line).into()).collect();
                writer.write_batch(&values, None, None)?;
            }
            (ColumnWriter::Int64ColumnWriter(writer), Column::Whole(of)) => {
                writer.write_batch(&lines.iter().map(of).collect::<Vec<_>>(), None, None)?;
            }
            (ColumnWriter::DoubleColumnWriter(writer), Column::Real(of)) => {
                writer.write_batch(&lines.iter().map(of).collect::<Vec<_>>(), None, None)?;
            }
            _ => anyhow::bail!("the columns of the table are not in the order of its schema"),
        }
        writer.close()?;
    }
    group.close()?;
    Ok(file.into_inner()?)
}

#[cfg(test)]
mod tests {
    use clip_lab_store::Point;
    use parquet::{
        file::reader::FileReader, file::serialized_reader::SerializedFileReader, record::RowAccessor,
    };

    use super::*;

    #[test]
    fn values_come_back_to_the_bit() {
        let values = [0.1 + 0.2, -1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let line = |value: f64| Line {
            run: "u".to_string(),
            name: "käse, \"b\"".to_string(),
            metric: "train/loss".to_string(),
            wall_s: 2.25,
            point: Point { step: 3, epoch: 0.5, samples: 96, wall_ms: 0, active_ms: 1500, value },
        };
        let bytes = parquet(&values.map(line)).expect("memory can be written");
        let file = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("a table");
        let rows: Vec<_> = file.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect();
        assert_eq!(rows.len(), values.len());
        for (row, value) in rows.iter().zip(values) {
            assert_eq!(row.get_string(1).expect("a name"), "käse, \"b\"");
            assert_eq!((row.get_long(3).expect("a step"), row.get_double(7).expect("seconds")), (3, 1.5));
            assert_eq!(row.get_double(8).expect("a value").to_bits(), value.to_bits());
        }
    }
}
