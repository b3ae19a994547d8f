//! Points as a Parquet table, for pandas, polars and DuckDB. Keeps NaN and infinities.

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
    Text(fn(&Line) -> &str),
    Integer(fn(&Line) -> i64),
    Float(fn(&Line) -> f64),
}

const COLUMNS: [Column; 9] = [
    Column::Text(|line| &line.run),
    Column::Text(|line| &line.name),
    Column::Text(|line| &line.metric),
    Column::Integer(|line| line.point.step as i64),
    Column::Float(|line| line.point.epoch),
    Column::Integer(|line| line.point.samples as i64),
    Column::Float(|line| line.wall_s),
    Column::Float(|line| line.point.active_ms as f64 / 1000.0),
    Column::Float(|line| line.point.value),
];

/// Writes the table to memory.
pub fn parquet(lines: &[Line]) -> Result<Vec<u8>> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let by = format!("clip-lab {}", env!("CARGO_PKG_VERSION"));
    let properties = Arc::new(WriterProperties::builder().set_created_by(by).build());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, properties)?;
    let mut group = file.next_row_group()?;
    for column in COLUMNS {
        let Some(mut writer) = group.next_column()? else { break };
        match (writer.untyped(), column) {
            (ColumnWriter::ByteArrayColumnWriter(writer), Column::Text(of)) => {
                let values: Vec<ByteArray> = lines.iter().map(|line| of(line).into()).collect();
                writer.write_batch(&values, None, None)?;
            }
            (ColumnWriter::Int64ColumnWriter(writer), Column::Integer(of)) => {
                writer.write_batch(&lines.iter().map(of).collect::<Vec<_>>(), None, None)?;
            }
            (ColumnWriter::DoubleColumnWriter(writer), Column::Float(of)) => {
                writer.write_batch(&lines.iter().map(of).collect::<Vec<_>>(), None, None)?;
            }
            _ => anyhow::bail!("the columns do not match the schema"),
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
