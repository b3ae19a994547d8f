//! The types of the fields of a Parquet footer, from
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>.
//!
//! The library reads a field that it knows whatever its type: behind a field of a wrong type it would find other values, such as
//! a list of billions of booleans, which takes no bytes and minutes of time.

use anyhow::{Result, ensure};

use super::thrift::{BINARY, Compact, DOUBLE, LIST, STRUCT};

/// The type of a value.
pub enum Shape {
    Bool,
    Number,
    Double,
    Binary,
    List(&'static Shape),
    /// The known fields by number.
    Struct(&'static [(i64, Shape)]),
}

use Shape::{Binary, Bool, Double, List, Number, Struct};

/// `RowGroup`.
pub const ROW_GROUP: Shape = Struct(&[
    (1, List(&COLUMN)),
    (2, Number),
    (3, Number),
    (4, List(&Struct(&[(1, Number), (2, Bool), (3, Bool)]))),
    (5, Number),
    (6, Number),
    (7, Number),
]);

/// `ColumnChunk`.
const COLUMN: Shape = Struct(&[
    (1, Binary),
    (2, Number),
    (3, COLUMN_METADATA),
    (4, Number),
    (5, Number),
    (6, Number),
    (7, Number),
    (8, Struct(&[(1, Struct(&[])), (2, Struct(&[(1, List(&Binary)), (2, Binary)]))])),
    (9, Binary),
]);

/// `ColumnMetaData`.
const COLUMN_METADATA: Shape = Struct(&[
    (1, Number),
    (2, List(&Number)),
    (3, List(&Binary)),
    (4, Number),
    (5, Number),
    (6, Number),
    (7, Number),
    (8, List(&KEY_VALUE)),
    (9, Number),
    (10, Number),
    (11, Number),
    (12, STATISTICS),
    (13, List(&Struct(&[(1, Number), (2, Number), (3, Number)]))),
    (14, Number),
    (15, Number),
    (16, Struct(&[(1, Number), (2, List(&Number)), (3, List(&Number))])),
    (17, Struct(&[(1, BOX), (2, List(&Number))])),
]);

/// `Statistics`.
const STATISTICS: Shape = Struct(&[
    (1, Binary),
    (2, Binary),
    (3, Number),
    (4, Number),
    (5, Binary),
    (6, Binary),
    (7, Bool),
    (8, Bool),
]);

/// `BoundingBox`.
const BOX: Shape = Struct(&[
    (1, Double),
    (2, Double),
    (3, Double),
    (4, Double),
    (5, Double),
    (6, Double),
    (7, Double),
    (8, Double),
]);

/// `KeyValue`.
const KEY_VALUE: Shape = Struct(&[(1, Binary), (2, Binary)]);

/// The fields of `FileMetaData` after the schema.
pub const FILE: &[(i64, Shape)] = &[
    (3, Number),
    (4, List(&ROW_GROUP)),
    (5, List(&KEY_VALUE)),
    (6, Binary),
    (7, List(&Struct(&[(1, Struct(&[])), (2, Struct(&[]))]))),
    (8, Struct(&[(1, CIPHER), (2, CIPHER)])),
    (9, Binary),
];

/// `AesGcmV1` and `AesGcmCtrV1`.
const CIPHER: Shape = Struct(&[(1, Binary), (2, Binary), (3, Bool)]);

impl Shape {
    /// Reads a value of the type `kind`.
    ///
    /// # Errors
    /// If it, or a value inside it, has another type or ends early.
    pub fn read(&self, reader: &mut Compact<'_>, kind: u8) -> Result<()> {
        let fits = match self {
            Bool => matches!(kind, 1 | 2),
            Number => (4..=6).contains(&kind),
            Double => kind == DOUBLE,
            Binary => kind == BINARY,
            List(_) => kind == LIST,
            Struct(_) => kind == STRUCT,
        };
        ensure!(fits, "a field in it has the wrong type {kind}");
        match self {
            List(element) => {
                let (kind, count) = reader.list()?;
                (0..count).try_for_each(|_| element.read(reader, kind))
            }
            Struct(known) => reader.fields(&mut |reader, number, kind| of(known, reader, number, kind)),
            _ => reader.skip_scalar(kind),
        }
    }
}

/// Reads field `number` if it is known; false if not.
pub fn of(known: &[(i64, Shape)], reader: &mut Compact<'_>, number: i64, kind: u8) -> Result<bool> {
    match known.iter().find(|(at, _)| *at == number) {
        Some((_, shape)) => shape.read(reader, kind).map(|()| true),
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8]) -> Result<()> {
        Compact::new(bytes).fields(&mut |reader, number, kind| of(FILE, reader, number, kind))
    }

    #[test]
    fn known_fields_have_their_types_and_others_any() {
        // 4: [{1: [], 2: 3}], 6: "ab", 20: 1
        let head = [0x49, 0x1c, 0x19, 0x0c, 0x16, 6, 0, 0x28, 2, b'a', b'b'];
        check(&[&head[..], &[0x05, 40, 2, 0]].concat()).unwrap();
        // The number of rows, and the columns of a row group.
        for wrong in [&[0x39, 0x15, 2, 0][..], &[0x49, 0x1c, 0x15, 2, 0, 0]] {
            let error = check(wrong).unwrap_err().to_string();
            assert!(error.contains("has the wrong type"), "{error}");
        }
        assert!(check(&[0x48, 1, b'x', 0]).is_err(), "row groups are a list");
    }
}
