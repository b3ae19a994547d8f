//! Parquet with embedded images, as written by Hugging Face's `datasets`: `data/train-00000-of-00002.parquet`.

use std::{sync::Arc, thread};

use clip_lab_plugin_api::Dataset;
use parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType},
    file::{
        properties::{WriterProperties, WriterVersion},
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};
use plugins_data::{CaptionFolder, Split};

use super::{all, image, jpeg, part, write};
use crate::common::{error_of, names, opened};

const SCHEMA: &str = "message schema {
    optional group image { optional binary bytes; optional binary path (UTF8); }
    optional group caption (LIST) { repeated group list { optional binary element (UTF8); } }
    optional binary sentids (UTF8);
    optional binary filename (UTF8);
}";

/// A row: shade of the image (none: null), and captions.
type Row<'a> = (Option<u8>, &'a [&'a str]);

fn column(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[ByteArray],
    defined: &[i16],
    repeated: Option<&[i16]>,
) {
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(values, Some(defined), repeated).unwrap();
    column.close().unwrap();
}

/// A file with one row group per slice of rows, and pages of two rows.
fn parquet(groups: &[Vec<Row<'_>>], compression: Compression, version: WriterVersion) -> Vec<u8> {
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_writer_version(version)
        .set_data_page_row_count_limit(2)
        .set_write_batch_size(1)
        .set_dictionary_page_size_limit(700);
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build())).unwrap();
    let mut number = 0;
    for rows in groups {
        let mut group = file.next_row_group().unwrap();
        let bytes: Vec<ByteArray> = rows.iter().filter_map(|row| Some(jpeg(row.0?).into())).collect();
        let there: Vec<i16> = rows.iter().map(|row| if row.0.is_some() { 2 } else { 1 }).collect();
        column(&mut group, &bytes, &there, None);
        let names: Vec<ByteArray> =
            rows.iter().enumerate().map(|(row, _)| format!("{}.jpg", number + row).as_str().into()).collect();
        column(&mut group, &names, &vec![2; rows.len()], None);
        let captions: Vec<ByteArray> = rows.iter().flat_map(|row| row.1).map(|text| (*text).into()).collect();
        let defined: Vec<i16> = rows
            .iter()
            .flat_map(|row| if row.1.is_empty() { vec![1] } else { vec![3; row.1.len()] })
            .collect();
        let repeated: Vec<i16> =
            rows.iter().flat_map(|row| (0..row.1.len().max(1)).map(|n| i16::from(n > 0))).collect();
        column(&mut group, &captions, &defined, Some(&repeated));
        for _ in 0..2 {
            column(&mut group, &[], &vec![0; rows.len()], None);
        }
        group.close().unwrap();
        number += rows.len();
    }
    file.into_inner().unwrap()
}

/// Fifty images in row groups of ten, two captions each.
fn fifty(from: u8) -> Vec<Vec<Row<'static>>> {
    (0..5)
        .map(|group| (0..10).map(|row| (Some(from + group * 10 + row), &["one", "two"][..])).collect())
        .collect()
}

fn holds(data: &dyn Dataset, index: usize, shade: u8) -> bool {
    data.image(index).unwrap() == clip_lab_plugin_api::Image::Encoded(jpeg(shade))
}

#[test]
fn several_files_are_read_in_any_order_and_by_many_threads() {
    let dir = tempfile::tempdir().unwrap();
    for (compression, version) in [
        (Compression::SNAPPY, WriterVersion::PARQUET_1_0),
        (Compression::ZSTD(Default::default()), WriterVersion::PARQUET_2_0),
        (Compression::UNCOMPRESSED, WriterVersion::PARQUET_1_0),
    ] {
        let file = |from| parquet(&fifty(from), compression, version);
        write(dir.path(), "data/train-00000-of-00002.parquet", file(0));
        write(dir.path(), "data/train-00001-of-00002.parquet", file(50));
        write(dir.path(), "data/test-00000-of-00001.parquet", file(150));
        let settings = part(dir.path(), Split::Train);
        let data = opened(&settings);
        assert_eq!((data.len(), data.captions(99)), (100, &["one".to_owned(), "two".to_owned()][..]));
        assert_eq!((data.name(0), data.name(51)), ("0.jpg".to_owned(), "1.jpg".to_owned()));
        thread::scope(|scope| {
            for thread in 0..4 {
                let data = &*data;
                scope.spawn(move || {
                    for step in 0..100 {
                        let index = (step * 37 + thread * 11) % 100;
                        assert!(holds(data, index, index as u8), "{index}");
                    }
                });
            }
        });
        let test = opened(&part(dir.path(), Split::Test));
        assert!(test.len() == 50 && holds(&*test, 49, 199));
        assert_eq!(clip_lab_plugin_api::Plugin::properties(&settings).captions, Some(200));
    }
}

#[test]
fn a_buffer_reads_by_row_group() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "train.parquet", parquet(&fifty(0), Compression::SNAPPY, WriterVersion::PARQUET_1_0));
    let settings = CaptionFolder { shuffle_buffer: Some(20), ..all(dir.path()) };
    let data = opened(&settings);
    let sampling = data.sampling().unwrap();
    assert_eq!(sampling.chunks, [0..10, 10..20, 20..30, 30..40, 40..50]);
    assert_eq!((sampling.buffer, sampling.sources.len()), (Some(20), 1));
    let print = data.fingerprint();
    assert_eq!(print, opened(&all(dir.path())).fingerprint());
    write(dir.path(), "train.parquet", parquet(&fifty(1), Compression::SNAPPY, WriterVersion::PARQUET_1_0));
    assert_ne!(print, opened(&all(dir.path())).fingerprint());
}

#[test]
fn rows_without_images_or_captions_and_corrupt_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let rows: Vec<Row<'_>> = vec![(Some(1), &["one"]), (None, &["two"]), (Some(3), &[])];
    let good = parquet(&[rows], Compression::SNAPPY, WriterVersion::PARQUET_1_0);
    write(dir.path(), "train.parquet", &good);
    let data = opened(&CaptionFolder { tolerate: 0.4, ..all(dir.path()) });
    assert_eq!(names(&*data), ["0.jpg", "1.jpg"]);
    assert!(data.skipped()[0].contains("images without a caption: 1 (2.jpg)"), "{:?}", data.skipped());
    let error = format!("{:#}", data.image(1).unwrap_err());
    assert!(
        error.contains("row 1 of") && error.contains("train.parquet") && error.contains("contains no bytes"),
        "{error}"
    );
    write(dir.path(), "train.parquet", &good[..good.len() / 2]);
    let error = error_of(&all(dir.path()));
    assert!(
        error.contains("train.parquet cannot be used: it is not a Parquet file, or is truncated"),
        "{error}"
    );
    // The footer is intact but a page is corrupt: only its images are lost.
    let mut torn = parquet(&fifty(0), Compression::SNAPPY, WriterVersion::PARQUET_1_0);
    torn[40..900].fill(0xAB);
    write(dir.path(), "train.parquet", &torn);
    let data = opened(&all(dir.path()));
    let bad = (0..50).filter(|index| data.image(*index).is_err()).count();
    assert!((1..=10).contains(&bad), "{bad}");
    assert!(holds(&*data, 49, 49));
}

#[test]
fn a_truncated_file_of_several_is_left_out_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let whole = parquet(&fifty(0), Compression::SNAPPY, WriterVersion::PARQUET_1_0);
    write(dir.path(), "train-00000-of-00003.parquet", &whole);
    write(dir.path(), "train-00001-of-00003.parquet", &whole[..whole.len() / 2]);
    write(
        dir.path(),
        "train-00002-of-00003.parquet",
        parquet(&fifty(50), Compression::SNAPPY, WriterVersion::PARQUET_1_0),
    );
    let message = "00001-of-00003.parquet cannot be used: it is not a Parquet file, or is truncated";
    let error = error_of(&all(dir.path()));
    assert!(error.contains("1 of 3 lists of captions cannot be used") && error.contains(message), "{error}");

    let data = opened(&CaptionFolder { tolerate: 0.4, ..all(dir.path()) });
    assert!(data.len() == 100 && holds(&*data, 49, 49) && holds(&*data, 50, 50), "{}", data.len());
    assert!(
        data.skipped()[0].contains("lists skipped: 1") && data.skipped()[0].contains(message),
        "{:?}",
        data.skipped()
    );
}

#[test]
fn a_table_of_names_in_parquet_is_a_list() {
    let dir = tempfile::tempdir().unwrap();
    let schema =
        parse_message_type("message s { required binary file_name (UTF8); required binary text (UTF8); }");
    let mut file =
        SerializedFileWriter::new(Vec::new(), Arc::new(schema.unwrap()), Default::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    for values in [["a.jpg", "b.jpg"], ["an a", "a b"]] {
        let mut column = group.next_column().unwrap().unwrap();
        let values: Vec<ByteArray> = values.iter().map(|value| (*value).into()).collect();
        column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    write(dir.path(), "metadata.parquet", file.into_inner().unwrap());
    image(dir.path(), "a.jpg", 1);
    image(dir.path(), "b.jpg", 2);
    let data = opened(&all(dir.path()));
    assert_eq!(
        (names(&*data), data.captions(1)),
        (vec!["a.jpg".into(), "b.jpg".into()], &["a b".to_owned()][..])
    );
    let buffered = CaptionFolder { shuffle_buffer: Some(8), ..all(dir.path()) };
    assert!(error_of(&buffered).contains("shuffle_buffer applies to images in Parquet files"));
}
