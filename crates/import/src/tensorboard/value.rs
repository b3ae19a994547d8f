//! `Summary.Value { string tag = 1; float simple_value = 2; histograms = 3, 5; image = 4; audio = 6; TensorProto tensor = 8;
//! SummaryMetadata metadata = 9 { PluginData plugin_data = 1 { string plugin_name = 1; bytes content = 2 } } }`.

use crate::proto::{Value, fields};

/// A value of a summary.
#[derive(Debug, Default)]
pub struct SummaryValue {
    pub tag: String,
    /// The plugin that shows it; empty if not named.
    pub plugin: String,
    /// The data of the plugin.
    pub plugin_content: Vec<u8>,
    number: Option<f64>,
    other: Option<&'static str>,
}

impl SummaryValue {
    /// None if the message is malformed.
    pub fn read(message: &[u8]) -> Option<SummaryValue> {
        let mut found = SummaryValue::default();
        let (mut tensor, mut metadata) = (None, &[][..]);
        fields(message, |number, value| match number {
            1 => found.tag = value.text(),
            2 => found.number = Some(value.float()),
            3 | 5 => found.other = Some("histogram"),
            4 => found.other = Some("image"),
            6 => found.other = Some("audio clip"),
            8 => tensor = Some(value.bytes()),
            9 => metadata = value.bytes(),
            _ => {}
        })?;
        let mut plugin = &[][..];
        fields(metadata, |number, value| {
            if number == 1 {
                plugin = value.bytes();
            }
        })?;
        fields(plugin, |number, value| match number {
            1 => found.plugin = value.text(),
            2 => found.plugin_content = value.bytes().to_vec(),
            _ => {}
        })?;
        if let Some(tensor) = tensor {
            found.number = scalar(tensor)?;
            found.other = Some("tensor");
        }
        Some(found)
    }

    /// The number, or what it is instead, such as `image`. `plugin` is that of its tag.
    pub fn content(&self, plugin: &str) -> Result<f64, &'static str> {
        match plugin {
            "images" => Err("image"),
            "histograms" => Err("histogram"),
            "audio" => Err("audio clip"),
            "text" => Err("text"),
            "" | "scalars" => self.number.ok_or(self.other.unwrap_or("tensor")),
            _ => Err("tensor"),
        }
    }
}

/// The number of a tensor without dimensions: `TensorProto { DataType dtype = 1; TensorShapeProto tensor_shape = 2 { Dim dim
/// = 2 }; bytes tensor_content = 4; float_val = 5; double_val = 6; int_val = 7; int64_val = 10 }`. The outer option is none
/// if the message is malformed.
fn scalar(tensor: &[u8]) -> Option<Option<f64>> {
    let (mut dtype, mut shape, mut content, mut number) = (0, &[][..], &[][..], None);
    fields(tensor, |field, value| match field {
        1 => dtype = value.integer(),
        2 => shape = value.bytes(),
        4 => content = value.bytes(),
        5..=7 | 10 => number = number.or(first(dtype, value)),
        _ => {}
    })?;
    let mut dimensions = 0;
    fields(shape, |field, _| dimensions += usize::from(field == 2))?;
    Some(if dimensions > 0 { None } else { number.or(raw(dtype, content)) })
}

/// The first number of a repeated field, packed or not.
fn first(dtype: i64, value: Value<'_>) -> Option<f64> {
    match value {
        Value::Bytes(mut packed) if matches!(dtype, INT32 | INT64) => {
            crate::proto::varint(&mut packed).map(|number| number as i64 as f64)
        }
        Value::Bytes(packed) => raw(dtype, packed),
        Value::Varint(number) => Some(number as i64 as f64),
        value => Some(value.float()),
    }
}

const FLOAT: i64 = 1;
const DOUBLE: i64 = 2;
const INT32: i64 = 3;
const INT64: i64 = 9;

/// The first number of little-endian memory.
fn raw(dtype: i64, bytes: &[u8]) -> Option<f64> {
    match dtype {
        FLOAT => bytes.first_chunk().map(|bytes| f32::from_le_bytes(*bytes).into()),
        DOUBLE => bytes.first_chunk().map(|bytes| f64::from_le_bytes(*bytes)),
        INT32 => bytes.first_chunk().map(|bytes| i32::from_le_bytes(*bytes).into()),
        INT64 => bytes.first_chunk().map(|bytes| i64::from_le_bytes(*bytes) as f64),
        _ => None,
    }
}
