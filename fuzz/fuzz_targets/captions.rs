//! Lists of captions: any text is read or refused with words. The readers are taken from their files, since the crate
//! around them needs libtorch.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../plugins/data/src/split.rs"]
mod split;
pub use split::Split;

#[path = "."]
mod captions {
    #[path = "../../plugins/data/src/captions/csv.rs"]
    pub mod csv;
    #[path = "../../plugins/data/src/captions/karpathy.rs"]
    pub mod karpathy;
    #[allow(dead_code)]
    #[path = "../../plugins/data/src/captions/list.rs"]
    pub mod list;
}

fuzz_target!(|text: &str| {
    for read in [captions::csv::read(text), captions::karpathy::read(text)] {
        match read {
            Ok(pictures) => assert!(pictures.iter().all(|picture| {
                picture.captions.iter().all(|caption| caption.trim() == caption)
            })),
            Err(error) => assert!(!format!("{error:#}").is_empty()),
        }
    }
});
