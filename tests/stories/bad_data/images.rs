//! Unusual and unreadable image files.

use std::{fs, io::Cursor};

use image::{
    DynamicImage, Frame, ImageBuffer, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage, codecs::gif::GifEncoder,
};

use crate::{
    lab::{Lab, TRAIN},
    program::assert_contains,
};

fn noise() -> RgbImage {
    RgbImage::from_fn(96, 80, |x, y| Rgb([(x * y % 251) as u8, (x * 7 + y * 13) as u8, (x ^ y) as u8]))
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A PNG whose header claims 60,000 x 60,000 pixels: 33 bytes that would decode to 10 GB.
fn bomb() -> Vec<u8> {
    let small = encoded(RgbImage::new(1, 1), ImageFormat::Png);
    let mut header = small[12..29].to_vec();
    header[4..8].copy_from_slice(&60_000_u32.to_be_bytes());
    header[8..12].copy_from_slice(&60_000_u32.to_be_bytes());
    let crc = !header.iter().fold(u32::MAX, |crc, byte| {
        let shifted = |crc: u32| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| shifted(crc))
    });
    [&small[..12], &header, &crc.to_be_bytes(), &small[33..]].concat()
}

/// A JPEG with an EXIF orientation of 90 degrees.
fn sideways() -> Vec<u8> {
    let jpeg = encoded(noise(), ImageFormat::Jpeg);
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    [&jpeg[..2], &[0xFF, 0xE1], &(exif.len() as u16 + 2).to_be_bytes(), exif, &jpeg[2..]].concat()
}

fn animated() -> Vec<u8> {
    let mut bytes = Vec::new();
    let frame = |shade| Frame::new(RgbaImage::from_pixel(24, 24, Rgba([shade, 90, 30, 255])));
    GifEncoder::new(&mut bytes).encode_frames([10, 200].map(frame)).unwrap();
    bytes
}

/// Replaces the first images with unusual but readable ones, and the next with unreadable ones.
fn strange(lab: &Lab) -> (usize, Vec<&'static str>) {
    let deep: ImageBuffer<Rgb<u16>, _> = ImageBuffer::from_pixel(24, 24, Rgb([0xFFFF, 0x8080, 0]));
    let jpeg = encoded(noise(), ImageFormat::Jpeg);
    let png = encoded(noise(), ImageFormat::Png);
    let good = [
        include_bytes!("cmyk.jpg").to_vec(),
        encoded(deep, ImageFormat::Png),
        animated(),
        include_bytes!("animated.webp").to_vec(),
        sideways(),
        jpeg.clone(),
    ];
    let bad = [
        (jpeg[..jpeg.len() / 2].to_vec(), "the JPEG has no end marker: the file is truncated"),
        (png[..png.len() / 2].to_vec(), "its Png data is corrupt or truncated"),
        (bomb(), "its header declares 60000x60000 pixels, the limit is 100 million"),
        (Vec::new(), "the file is empty (0 bytes)"),
        (
            b"<html>404 not found</html>".to_vec(),
            "it is not an image: the file begins with `<html>404 not fo`",
        ),
    ];
    for (index, image) in good.iter().chain(bad.iter().map(|(image, _)| image)).enumerate() {
        lab.write(&format!("data/{index:02}.png"), image);
    }
    (good.len(), bad.map(|(_, why)| why).to_vec())
}

#[test]
fn every_command_uses_readable_images_and_names_the_others() {
    let lab = Lab::new();
    let (good, bad) = strange(&lab);
    fs::remove_file(lab.path("data/47.png")).unwrap();
    lab.run(&["run", "tiny.toml", "--set", "data.train.tolerate=0.2", "--set", "run.steps=40"]).success();
    let mut events = lab.events("broken_picture");
    events.sort();
    let names: Vec<String> =
        (good..good + bad.len()).map(|index| format!("skipped: {index:02}.png: ")).collect();
    assert_eq!(events.len(), bad.len(), "{events:#?}");
    for (event, (name, why)) in events.iter().zip(names.iter().zip(&bad)) {
        assert_contains(event, &[name, why]);
    }
    assert_contains(&lab.events("data").join("\n"), &["images listed but not in", "1 (47.png)"]);

    let embed = ["embed", "tiny.toml", "--images", "data", "--out", "x.safetensors"];
    let refused = lab.run(&embed).failure();
    assert_contains(
        &refused,
        &["cannot be used, more than tolerate = 0.05 allows", bad[0], "skipped: captions.csv"],
    );
    let done = lab.run(&[&embed[..], &["--tolerate", "0.2"]].concat());
    bad.iter().for_each(|why| assert_contains(&done.err, &[why]));
    assert_contains(&done.success(), &["image_embeds [50, 16]"]);

    let pack = ["data", "pack", "tiny.toml", "--out", "packed", "--tolerate", "0.2"];
    let done = lab.run(&pack);
    bad.iter().for_each(|why| assert_contains(&done.err, &[why]));
    assert_contains(&done.err, &[&format!("train: {} images in 1 shard", TRAIN - 1 - bad.len())]);
    done.success();

    let seen = lab.json(&["data", "inspect", "tiny.toml"]);
    let broken = seen["splits"][0]["broken"].as_array().unwrap();
    let found: Vec<&str> = broken.iter().map(|fault| fault["why"].as_str().unwrap()).collect();
    assert_eq!(found.len(), bad.len());
    found.iter().zip(&bad).for_each(|(found, why)| assert_contains(found, &[why]));
    assert_eq!(seen["splits"][0]["misnamed"], 6, "{}", seen["splits"][0]);
    assert_eq!(seen["splits"][0]["formats"]["GIF"], 1);
}

#[test]
fn an_evaluation_stops_with_the_list_too() {
    let lab = Lab::new();
    lab.write("data/50.png", b"no image");
    let refused = lab.run(&["run", "tiny.toml"]).failure();
    assert_contains(
        &refused,
        &[
            "[data.val]",
            "1 of 8 images cannot be used, more than tolerate = 0.05 allows",
            "50.png: it is not",
        ],
    );
    assert_contains(&lab.events("broken_picture")[0], &["skipped in val: 50.png: it is not an image"]);
    lab.run(&["run", "tiny.toml", "--set", "data.val.tolerate=0.2"]).success();
    assert_eq!(lab.events("broken_picture").len(), 1, "once, and not at every evaluation");
}

#[test]
fn features_of_a_locked_tower_skip_them_and_stop_with_the_list() {
    let lab = Lab::new();
    lab.run(&["run", "tiny.toml"]).success();
    let uid = lab.newest()["uid"].as_str().unwrap().to_owned();
    let spec = fs::read_to_string(lab.path("tiny.toml")).unwrap();
    let (start, end) = (spec.find("[[augment]]").unwrap(), spec.find("[tokenizer]").unwrap());
    let spec = spec.replace(&spec[start..end], "");
    let (start, end) = (spec.find("[model.image]").unwrap(), spec.find("[model.text]").unwrap());
    let tower = format!("[model]\nlock = \"Lu\"\n[model.image]\nfrom = \"runs/{uid}\"\n");
    lab.write("lit.toml", spec.replace(&spec[start..end], &tower));
    lab.write("data/05.png", b"");
    let out = lab.run(&["run", "lit.toml"]).success();
    assert_contains(&out, &["the image tower is locked", "skipped: 05.png: the file is empty"]);
    assert_eq!(lab.events("broken_picture").len(), 1);
    for index in 6..9 {
        fs::copy(lab.path("data/05.png"), lab.path(&format!("data/{index:02}.png"))).unwrap();
    }
    let refused = lab.run(&["run", "lit.toml"]).failure();
    assert_contains(
        &refused,
        &["[data.train]", "4 of 48 images cannot be used", "\n    05.png: the file is empty (0 bytes)"],
    );
    assert_eq!(lab.newest()["status"], "failed");
    assert_eq!(lab.events("broken_picture").len(), 4);
}
