//! Files that claim more than they contain are rejected before they exhaust memory or stack.

use std::{fs, sync::Arc};

use parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

use super::{ColumnOverrides, read};

const BYTE_ARRAY: i64 = 6;
const PLAIN: i64 = 0;
const DELTA_LENGTH_BYTE_ARRAY: i64 = 6;
const DELTA_BYTE_ARRAY: i64 = 7;

fn error_of(file: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    fs::write(&path, file).unwrap();
    match read(&path, 0, ColumnOverrides::default()) {
        Ok((_, list)) => panic!("{} images were read", list.images.len()),
        Err(error) => format!("{error:#}"),
    }
}

/// A writer for the part of Thrift's compact protocol needed here.
#[derive(Default)]
struct Thrift(Vec<u8>, Vec<i64>);

impl Thrift {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn zigzag(&mut self, number: i64) {
        self.varint(((number << 1) ^ (number >> 63)) as u64);
    }

    fn field(&mut self, number: i64, kind: u8) {
        let last = self.1.last_mut().unwrap();
        self.0.push(((number - *last) as u8) << 4 | kind);
        *last = number;
    }

    fn number(&mut self, field: i64, number: i64) -> &mut Self {
        self.field(field, 6);
        self.zigzag(number);
        self
    }

    fn text(&mut self, field: i64, text: &str) -> &mut Self {
        self.field(field, 8);
        self.varint(text.len() as u64);
        self.0.extend(text.bytes());
        self
    }

    fn list(&mut self, field: i64, kind: u8, count: u64) -> &mut Self {
        self.field(field, 9);
        self.0.push(0xf0 | kind);
        self.varint(count);
        self
    }

    fn inside(&mut self, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.1.push(0);
        fill(self);
        self.1.pop();
        self.0.push(0);
        self
    }

    fn group(&mut self, children: i64) {
        self.inside(|group| {
            group.number(3, 0).text(4, "a").number(5, children);
        });
    }
}

fn with_footer(body: &[u8], footer: &Thrift) -> Vec<u8> {
    let length = (footer.0.len() as u32).to_le_bytes();
    [b"PAR1", body, &footer.0, &length, b"PAR1"].concat()
}

fn with_schema(count: u64, fill: impl FnOnce(&mut Thrift)) -> Vec<u8> {
    let mut footer = Thrift::default();
    footer.inside(|footer| {
        footer.number(1, 1).list(2, 12, count);
        fill(footer);
        footer.number(3, 0).list(4, 12, 0);
    });
    with_footer(&[], &footer)
}

/// A page as the file claims it.
struct Page {
    kind: i64,
    uncompressed: i64,
    values: i64,
    encoding: i64,
    codec: i64,
    body: Vec<u8>,
}

impl Default for Page {
    fn default() -> Self {
        Self { kind: 0, uncompressed: 0, values: 1, encoding: PLAIN, codec: 0, body: vec![0; 100] }
    }
}

/// A file of one row, whose column `caption` consists of this page.
fn with_page(page: Page) -> Vec<u8> {
    let mut head = Thrift::default();
    let uncompressed = if page.uncompressed == 0 { page.body.len() as i64 } else { page.uncompressed };
    head.inside(|head| {
        head.number(1, page.kind).number(2, uncompressed).number(3, page.body.len() as i64);
        head.field(if page.kind == 2 { 7 } else { 5 }, 12);
        head.inside(|head| {
            head.number(1, page.values).number(2, page.encoding).number(3, 3).number(4, 3);
        });
    });
    let body = [head.0, page.body].concat();
    let mut footer = Thrift::default();
    footer.inside(|footer| {
        footer.number(1, 1).list(2, 12, 2).group(1);
        footer.inside(|column| {
            column.number(1, BYTE_ARRAY).number(3, 0).text(4, "caption");
        });
        footer.number(3, 1).list(4, 12, 1).inside(|group| {
            group.list(1, 12, 1).inside(|chunk| {
                chunk.number(2, 4).field(3, 12);
                chunk.inside(|about| {
                    about.number(1, BYTE_ARRAY).list(2, 5, 1).zigzag(page.encoding);
                    about.list(3, 8, 1).varint(7);
                    about.0.extend(b"caption");
                    about.number(4, page.codec).number(5, 1).number(6, uncompressed);
                    about.number(7, body.len() as i64).number(9, 4);
                });
            });
            group.number(2, 100).number(3, 1);
        });
    });
    with_footer(&body, &footer)
}

/// Rows of one column, written by the library.
fn column(kind: &str, rows: usize, value: Option<&[u8]>) -> Vec<u8> {
    let schema = parse_message_type(&format!("message schema {{ {kind} binary caption (UTF8); }}")).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_page_size_limit(1 << 24)
        .build();
    let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties)).unwrap();
    let mut group = file.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let values: Vec<ByteArray> = value.map(|value| vec![value.to_vec().into(); rows]).unwrap_or_default();
    let defined = vec![i16::from(value.is_some()); rows];
    let defined = (kind == "optional").then_some(&defined[..]);
    column.typed::<ByteArrayType>().write_batch(&values, defined, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    file.into_inner().unwrap()
}

#[test]
fn rows_that_no_file_of_that_size_holds_are_refused() {
    let file = column("optional", 1_000_000, None);
    assert!(file.len() < 100_000);
    let error = error_of(&file);
    assert!(error.contains(&format!("claims 1000000 rows in {} bytes", file.len())), "{error}");
}

#[test]
fn a_long_text_that_many_rows_share_is_refused() {
    let file = column("required", 2000, Some(&[b'a'; 1_000_000]));
    let error = error_of(&file);
    assert!(file.len() < 200_000 && error.contains("far larger than the file"), "{error}");
}

#[test]
fn schemas_that_exhaust_stack_or_memory_are_refused() {
    let nested = with_schema(9000, |footer| (0..9000).for_each(|n| footer.group(i64::from(n < 8999))));
    assert!(error_of(&nested).contains("nested more than 64 deep"), "{}", error_of(&nested));
    let wide = with_schema(1, |footer| footer.group(i64::from(i32::MAX)));
    assert!(error_of(&wide).contains("claims columns that it lacks"), "{}", error_of(&wide));
    let many =
        with_schema(20_000, |footer| (0..20_000).for_each(|n| footer.group(i64::from(n == 0) * 19_999)));
    assert!(error_of(&many).contains("20000 columns"), "{}", error_of(&many));
}

/// The library reads known fields by their number in 16 bits, whatever their type.
#[test]
fn schemas_that_the_library_reads_differently_are_refused() {
    let mut footer = Thrift::default();
    footer.inside(|footer| {
        footer.number(1, 1).0.push(9);
        footer.zigzag(65_538);
        footer.0.push(0xfc);
        footer.varint(100_000);
        (0..100_000).for_each(|n| footer.group(i64::from(n < 99_999)));
    });
    let error = error_of(&with_footer(&[], &footer));
    assert!(error.contains("its fields are out of order"), "{error}");
    // For the library, the text is a number and the fields after it.
    let column = with_schema(2, |footer| {
        footer.group(1);
        footer.inside(|column| {
            column.text(1, "a text").number(3, 0);
        });
    });
    assert!(error_of(&column).contains("a number in it has type 8"), "{}", error_of(&column));
    let decimal = with_schema(2, |footer| {
        footer.group(1);
        footer.inside(|column| {
            column.number(1, BYTE_ARRAY).number(3, 0).text(4, "a").field(10, 12);
            column.inside(|logical| {
                logical.field(5, 12);
                logical.inside(|decimal| {
                    decimal.text(1, "a text");
                });
            });
        });
    });
    assert!(error_of(&decimal).contains("a logical type in its schema is corrupt"), "{}", error_of(&decimal));
}

#[test]
fn pages_that_claim_too_much_are_refused() {
    let error = error_of(&with_page(Page { uncompressed: 2_200_000_000, codec: 1, ..Page::default() }));
    assert!(error.contains("a page of 100 bytes claims 2200000000 decompressed"), "{error}");
    let error = error_of(&with_page(Page { values: 2_000_000_000, ..Page::default() }));
    assert!(error.contains("claim 2000000000 values in"), "{error}");
    let error = error_of(&with_page(Page { kind: 2, values: 2_000_000_000, ..Page::default() }));
    assert!(error.contains("a dictionary of 100 bytes claims 2000000000 values"), "{error}");
    // In 32 bits a dictionary.
    let error = error_of(&with_page(Page { kind: (1 << 32) + 2, values: 2_000_000_000, ..Page::default() }));
    assert!(error.contains("exceeds 32 bits"), "{error}");
}

#[test]
fn lists_of_lengths_that_claim_too_much_are_refused() {
    // Differences in blocks of 128 in 4 parts: 2^34 numbers, the first of which is 0.
    let huge = [0x80, 1, 4, 0x80, 0x80, 0x80, 0x80, 0x40, 0];
    let fair = [0x80, 1, 4, 1, 0];
    for (encoding, lists) in [
        (DELTA_LENGTH_BYTE_ARRAY, vec![&huge[..]]),
        (DELTA_BYTE_ARRAY, vec![&huge]),
        (DELTA_BYTE_ARRAY, vec![&fair, &huge]),
    ] {
        let error = error_of(&with_page(Page { encoding, body: lists.concat(), ..Page::default() }));
        assert!(error.contains("a page of 1 values claims the lengths of 17179869184"), "{error}");
    }
}
