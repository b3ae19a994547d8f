//! Footers of Parquet files: whatever a footer claims, opening the file needs little memory and stack.
#![no_main]

use std::{env, fs, panic, process, sync::Once};

use libfuzzer_sys::fuzz_target;

#[path = "../../plugins/data/src/split.rs"]
#[allow(dead_code)]
mod split;
pub use split::Split;

#[path = "."]
#[allow(dead_code, unused_imports)]
mod captions {
    #[path = "../../plugins/data/src/captions/coco.rs"]
    mod coco;
    #[path = "../../plugins/data/src/captions/columns.rs"]
    pub mod columns;
    #[path = "../../plugins/data/src/captions/csv.rs"]
    mod csv;
    #[path = "../../plugins/data/src/captions/format.rs"]
    pub mod format;
    #[path = "../../plugins/data/src/captions/jsonl.rs"]
    mod jsonl;
    #[path = "../../plugins/data/src/captions/karpathy.rs"]
    mod karpathy;
    #[path = "../../plugins/data/src/captions/list.rs"]
    pub mod list;
    #[path = "../../plugins/data/src/captions/parquet/mod.rs"]
    pub mod parquet;
}

use captions::{columns::ColumnOverrides, parquet::read};

fuzz_target!(|footer: &[u8]| {
    // libFuzzer's hook would abort the process before a panic can be caught.
    static ONCE: Once = Once::new();
    ONCE.call_once(|| panic::set_hook(Box::new(|_| ())));
    let folder = if fs::metadata("/dev/shm").is_ok() { "/dev/shm".into() } else { env::temp_dir() };
    let path = folder.join(format!("clip-lab-fuzz-footer-{}.parquet", process::id()));
    // Room for as many rows and pages as a small file may claim.
    let body = [0x15; 2000];
    let length = (footer.len() as u32).to_le_bytes();
    fs::write(&path, [b"PAR1", &body[..], footer, &length, b"PAR1"].concat()).unwrap();
    match read(&path, 0, ColumnOverrides::default()) {
        Ok((_, list)) => assert!(list.entries <= body.len() + footer.len() + 12),
        Err(error) => {
            if format!("{error:#}").is_empty() {
                process::abort();
            }
        }
    }
    let _ = fs::remove_file(&path);
});
