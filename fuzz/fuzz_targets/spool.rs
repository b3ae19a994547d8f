//! Records spooled while the store was unavailable: whatever the file contains, the store opens, every run in it can be
//! read, and an invalid spool is kept under another name.
#![no_main]

use std::{env, fs, path::PathBuf, process, sync::OnceLock};

use clip_lab_store::{NewRun, Reader, Store, new_uid};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

/// A folder with an empty store, and the spool header of a dead process.
fn ready() -> &'static (PathBuf, Vec<u8>, String) {
    static READY: OnceLock<(PathBuf, Vec<u8>, String)> = OnceLock::new();
    READY.get_or_init(|| {
        let base = if fs::metadata("/dev/shm").is_ok() { "/dev/shm".into() } else { env::temp_dir() };
        let folder = base.join(format!("clip-lab-fuzz-spool-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        drop(Store::open(&folder.join("empty.db")).unwrap());
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let run = NewRun { uid: new_uid(), name: "fuzzed".into(), ..NewRun::default() };
        let uid = run.uid.clone();
        let process = json!({
            "host": read("/proc/sys/kernel/hostname"), "boot_id": read("/proc/sys/kernel/random/boot_id"),
            "pid": i32::MAX,
        });
        let mut header = json!({ "spool": "01", "run": run, "process": process }).to_string().into_bytes();
        header.push(b'\n');
        (folder, header, uid)
    })
}

fuzz_target!(|bytes: &[u8]| {
    let (folder, header, uid) = ready();
    let (store, run) = (folder.join("s.db"), folder.join(uid));
    let (whole, bytes) = bytes.split_first().map_or((true, bytes), |(first, rest)| (first % 8 != 0, rest));
    let _ = fs::remove_dir_all(&run);
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(folder.join(format!("s.db{end}")));
    }
    fs::copy(folder.join("empty.db"), &store).unwrap();
    fs::create_dir_all(&run).unwrap();
    let spool = if whole { [header, bytes].concat() } else { bytes.to_vec() };
    fs::write(run.join("spool.jsonl"), &spool).unwrap();
    drop(Store::open(&store).unwrap());
    assert!(!run.join("spool.jsonl").exists(), "neither added nor set aside");
    let reader = Reader::open(&store).unwrap();
    for row in reader.runs().unwrap() {
        for series in reader.series(row.id).unwrap() {
            reader.points(row.id, &series.name).unwrap();
        }
        reader.events(row.id, 0).unwrap();
        reader.ranks(row.id).unwrap();
        reader.artifacts(row.id).unwrap();
    }
});
