//! Decoding stays within the memory budget that all threads share. A test binary of its own, since the budget is
//! per process.

use std::{
    io::Cursor,
    sync::{
        Arc, Barrier, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use clip_lab_files::{MEMORY_BUDGET, MemoryReservation};
use clip_lab_image_io::{Decoder, Image};
use image::{GrayImage, ImageFormat};

/// Serialises the tests of this file.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn an_image_holds_its_budget_while_it_lives_and_a_corrupt_one_releases_it() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut png = Vec::new();
    GrayImage::new(1000, 500).write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
    let mut decoder = Decoder::new().unwrap();
    let opened = decoder.open(Image::Encoded(png.clone())).unwrap();
    assert_eq!(MemoryReservation::total(), 500_000 * (1 + 4 + 3));
    drop(opened);
    assert!(decoder.open(Image::Encoded(png[..png.len() / 2].to_vec())).is_err());
    assert_eq!(MemoryReservation::total(), 0);
}

#[test]
fn an_image_waits_for_memory() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut png = Vec::new();
    GrayImage::new(100, 100).write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
    let (held, done) = (Arc::new(Barrier::new(2)), Arc::new(AtomicUsize::new(0)));
    let memory = MemoryReservation::acquire(MEMORY_BUDGET);
    let worker = {
        let (held, done) = (held.clone(), done.clone());
        thread::spawn(move || {
            held.wait();
            clip_lab_image_io::decode(&png).unwrap();
            done.store(1, Ordering::SeqCst);
        })
    };
    held.wait();
    thread::sleep(Duration::from_millis(50));
    assert_eq!(done.load(Ordering::SeqCst), 0);
    drop(memory);
    worker.join().unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 1);
}
