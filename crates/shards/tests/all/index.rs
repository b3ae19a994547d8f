//! Indexes of intact, truncated and damaged shards, and writing shards.

use crate::support::{QUICK, index, tar};
use clip_lab_shards::{FaultKind, NewSample, Writer, scan};

fn three() -> Vec<u8> {
    let long = "a".repeat(700);
    tar(&[
        ("x/a.jpg", &[1; 600]),
        ("x/a.txt", b" one \n"),
        ("b.PNG", &[2; 512]),
        ("b.json", br#"{"caption": ["two", " ", "three"], "url": "u"}"#),
        ("c.webp", &[3; 100]),
        ("c.txt", long.as_bytes()),
        ("c.cls", b"7\n"),
        ("readme.md", b"not part of a sample"),
    ])
}

#[test]
fn samples_are_found_with_captions_classes_and_places() {
    let bytes = three();
    let index = index(&bytes);
    assert_eq!((index.samples.len(), &index.cut, index.faults.len()), (3, &None, 0));
    let [a, b, c] = &index.samples[..] else { panic!() };
    assert_eq!((a.key.as_str(), a.ending.as_str(), &a.captions[..]), ("x/a", "jpg", &["one".to_owned()][..]));
    assert_eq!((b.ending.as_str(), &b.captions[..]), ("png", &["two".to_owned(), "three".to_owned()][..]));
    assert_eq!((c.captions[0].len(), c.class.as_deref()), (700, Some("7")));
    for (sample, value) in index.samples.iter().zip([1, 2, 3]) {
        let image = &bytes[sample.offset as usize..][..sample.length as usize];
        assert!(image.iter().all(|byte| *byte == value));
    }
}

#[test]
fn a_tar_cut_anywhere_gives_what_came_before() {
    let bytes = three();
    let whole = index(&bytes);
    let content = bytes.len() - 1024;
    for length in 0..bytes.len() {
        let cut = index(&bytes[..length]);
        assert_eq!(cut.cut.is_some(), length < content + 512, "cut at {length} of {content}: {:?}", cut.cut);
        for sample in &cut.samples {
            let full = whole.samples.iter().find(|full| full.key == sample.key).unwrap();
            assert!(sample.offset + sample.length <= length as u64);
            assert_eq!(
                (sample.offset, sample.length, &sample.ending),
                (full.offset, full.length, &full.ending)
            );
            // The caption or class of the last sample may be missing.
            assert!(sample.captions == full.captions || sample.captions.is_empty());
        }
        let lost = cut.faults.iter().filter(|fault| fault.lost).count();
        assert!(lost <= 1 && cut.samples.len() + lost <= 3, "at {length}: {:?}", cut.faults);
    }
    assert_eq!(index(&bytes[..2000]).cut.unwrap(), "ends at byte 2000, within a header");
    assert_eq!(index(&bytes[..2050]).cut.unwrap(), "ends at byte 2050, within x/a.txt");
}

#[test]
fn damaged_headers_stop_the_scan_and_are_reported() {
    let mut bytes = three();
    let second = 512 + 1024; // header and content of the first file
    bytes[second + 150] ^= 0xff;
    let index = index(&bytes);
    assert!(index.samples.is_empty(), "its text is beyond the damage");
    assert!(index.cut.unwrap().starts_with("is damaged after byte 1536"));
}

#[test]
fn faults_of_samples_are_reported_by_key() {
    let found = index(&tar(&[
        ("a.jpg", b"1"),
        ("a.json", br#"{"caption": "cut sho"#),
        ("b.jpg", b"2"),
        ("b.json", br#"{"caption": "cut"#),
        ("b.txt", b"but there is text"),
        ("c.jpg", b"3"),
        ("c.txt", b"  "),
        ("d.txt", b"no image"),
        ("e.jpg", b"4"),
        ("e.txt", b"first"),
        ("e.jpg", b"5"),
        ("e.txt", b"second"),
        ("f.jpg", b"6"),
        ("f.txt", b"caf\xe9"),
        ("g.jpg", b"7"),
        ("g.json", br#"{"caption": 5}"#),
    ]));
    let kept: Vec<(&str, &str)> =
        found.samples.iter().map(|sample| (sample.key.as_str(), sample.captions[0].as_str())).collect();
    assert_eq!(kept, [("b", "but there is text"), ("e", "first"), ("f", "café")]);
    let mut faults: Vec<_> =
        found.faults.iter().map(|fault| (fault.key.as_str(), fault.kind, fault.lost)).collect();
    faults.sort();
    let expected = [
        ("a", FaultKind::Json, true),
        ("b", FaultKind::Json, false),
        ("c", FaultKind::Caption, true),
        ("d", FaultKind::Image, true),
        ("e", FaultKind::Duplicate, false),
        ("e", FaultKind::Duplicate, true),
        ("f", FaultKind::Encoding, false),
        ("g", FaultKind::Caption, true),
    ];
    assert_eq!(faults, expected);
}

#[test]
fn long_captions_and_long_names_are_not_truncated() {
    let (caption, name) = ("word ".repeat(20_000), "n".repeat(300));
    let index = index(&tar(&[
        (format!("{name}.jpg").as_str(), b"1"),
        (format!("{name}.txt").as_str(), caption.as_bytes()),
    ]));
    assert_eq!((index.samples[0].key.len(), index.samples[0].captions[0].len()), (300, 99_999));
}

#[test]
fn other_files_are_reported() {
    assert!(index(b"").cut.is_some());
    assert!(index(&[0x1f; 5000]).cut.unwrap().starts_with("is damaged after byte 0"));
    assert!(index(&[0; 1024]).samples.is_empty());
}

fn sample(number: usize) -> NewSample {
    NewSample {
        key: format!("{number:09}"),
        ending: "jpg".into(),
        image: vec![number as u8; 1000 + number],
        captions: (0..=number % 3).map(|caption| format!("{number} {caption}")).collect(),
        class: number.is_multiple_of(2).then_some(number),
        file: format!("image {number}.jpg"),
    }
}

#[test]
fn written_shards_round_trip_and_resume() {
    let dir = tempfile::tempdir().unwrap();
    let write = |from: usize, to: usize, finish: bool| {
        let (mut writer, last) = Writer::resume(dir.path(), "train", 10_000).unwrap();
        let next = last.map_or(0, |key| key.parse::<usize>().unwrap() + 1);
        (from.max(next)..to).for_each(|number| writer.write(&sample(number)).unwrap());
        if finish { writer.finish().unwrap() } else { Vec::new() }
    };
    // Stopped in the middle of a shard, then resumed to the end, then resumed again.
    write(0, 9, false);
    let shards = write(0, 20, true);
    assert_eq!(write(0, 20, true), shards);
    assert!(shards.len() > 3);
    let mut number = 0;
    for location in &shards {
        let bytes = std::fs::read(location.to_string()).unwrap();
        assert!(bytes.len() < 10_000 + 2048, "{}", bytes.len());
        let index = scan(std::io::Cursor::new(&bytes), bytes.len() as u64, "caption");
        assert!(index.faults.is_empty() && index.cut.is_none());
        for found in index.samples {
            let (new, range) =
                (sample(number), found.offset as usize..(found.offset + found.length) as usize);
            assert_eq!((found.key, found.captions), (new.key, new.captions));
            assert_eq!(
                (&bytes[range], found.class),
                (&new.image[..], new.class.map(|class| class.to_string()))
            );
            number += 1;
        }
    }
    assert_eq!(number, 20);
    let whole = tempfile::tempdir().unwrap();
    let (mut writer, _) = Writer::resume(whole.path(), "train", 10_000).unwrap();
    (0..20).for_each(|number| writer.write(&sample(number)).unwrap());
    for (one, other) in writer.finish().unwrap().iter().zip(&shards) {
        let read = |location: &clip_lab_shards::Location| std::fs::read(location.to_string()).unwrap();
        assert_eq!(read(one), read(other), "the same bytes as without an interruption");
    }
}

/// The tar header of a file, without its content.
fn header(name: &str, kind: tar::EntryType, size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).unwrap();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// The index of a sparse file: `start`, then zeros up to `length`.
fn sparse(start: &[u8], length: u64) -> clip_lab_shards::Index {
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, start).unwrap();
    file.set_len(length).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    scan(&file, length, "caption")
}

#[test]
fn names_and_attributes_of_gigabytes_are_not_read() {
    for kind in [tar::EntryType::GNULongName, tar::EntryType::XHeader, tar::EntryType::GNULongLink] {
        let start = [tar(&[("a.jpg", &[1; 512]), ("a.txt", b"one")]), header("x", kind, 7 << 30)].concat();
        // Without the two end-of-archive blocks of the first part.
        let start = [&start[..start.len() - 3 * 512], &start[start.len() - 512..]].concat();
        let index = sparse(&start, 8 << 30);
        assert!(
            index.cut.as_ref().is_some_and(|cut| cut.contains("more than 1048576 bytes")),
            "{:?}",
            index.cut
        );
        assert_eq!(index.samples.len(), 1, "what came before is used");
    }
}

#[test]
fn images_and_texts_of_gigabytes_are_not_read() {
    let size = 9 << 30;
    let start = [tar(&[("a.txt", b"one")]), header("a.jpg", tar::EntryType::Regular, size)].concat();
    let start = [&start[..start.len() - 3 * 512], &start[start.len() - 512..]].concat();
    let index = sparse(&start, size + 8192);
    assert_eq!((index.cut, index.samples.len()), (None, 0));
    assert_eq!((index.faults[0].kind, index.faults[0].lost), (FaultKind::Size, true));
    let start = [tar(&[("a.jpg", &[1; 512])]), header("a.txt", tar::EntryType::Regular, size)].concat();
    let start = [&start[..start.len() - 3 * 512], &start[start.len() - 512..]].concat();
    let index = sparse(&start, size + 8192);
    let faults: Vec<_> = index.faults.iter().map(|fault| (fault.kind, fault.lost)).collect();
    assert_eq!(
        (index.samples.len(), faults),
        (0, vec![(FaultKind::Length, false), (FaultKind::Caption, true)])
    );
}

#[test]
fn a_shard_that_is_not_a_regular_file_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("a.tar");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let shards = clip_lab_shards::Shards::new(&folder.path().join("cache"), 1, QUICK, "caption");
    let message = |path: &std::path::Path| {
        format!("{:#}", shards.index(&clip_lab_shards::Location::Local(path.to_owned())).unwrap_err())
    };
    assert!(message(&fifo).ends_with("cannot be read: a FIFO, not a regular file"), "{}", message(&fifo));
    assert!(message("/dev/zero".as_ref()).contains("a device, not a regular file"));
}
