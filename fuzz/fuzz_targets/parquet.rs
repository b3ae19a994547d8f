//! Parquet files with images: any bytes are read or rejected with a message, and every listed row gives an image or an
//! error. Panics of the library count as errors.
#![no_main]

use std::{env, fs, panic, process, sync::Once};

use libfuzzer_sys::fuzz_target;

#[path = "../../plugins/data/src/split.rs"]
#[allow(dead_code)]
mod split;
pub use split::Split;

#[path = "."]
#[allow(dead_code)]
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

use captions::{
    columns::ColumnOverrides,
    parquet::{PageCache, read},
};

fuzz_target!(|bytes: &[u8]| {
    // libFuzzer's hook would abort the process before a panic can be caught.
    static ONCE: Once = Once::new();
    ONCE.call_once(|| panic::set_hook(Box::new(|_| ())));
    let folder = if fs::metadata("/dev/shm").is_ok() { "/dev/shm".into() } else { env::temp_dir() };
    let path = folder.join(format!("clip-lab-fuzz-{}.parquet", process::id()));
    fs::write(&path, bytes).unwrap();
    match read(&path, 0, ColumnOverrides::default()) {
        Ok((Some(table), list)) => {
            let page_cache = PageCache::default();
            for row in list.pictures.iter().take(64).filter_map(|picture| picture.row) {
                if let Err(error) = table.picture(row, &page_cache) {
                    if !format!("{error:#}").contains("row") {
                        process::abort();
                    }
                }
            }
        }
        Ok((None, list)) => drop(list),
        Err(error) => {
            if format!("{error:#}").is_empty() {
                process::abort();
            }
        }
    }
    let _ = fs::remove_file(&path);
});
