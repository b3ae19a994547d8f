//! Lists of captions: in every format, any text is read or rejected with a message. The readers are included by path,
//! since their crate needs libtorch.
#![no_main]

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
}

use captions::{columns::ColumnOverrides, format::Format};

fuzz_target!(|bytes: &[u8]| {
    let (text, invalid) = captions::format::text(bytes);
    assert!(invalid <= bytes.len());
    let custom = ColumnOverrides { image: Some("i"), caption: Some("c") };
    let detected = Format::of_text(&text);
    for format in [detected, Format::Table, Format::Karpathy, Format::Coco, Format::Jsonl] {
        for overrides in [ColumnOverrides::default(), custom] {
            match format.parse(&text, overrides) {
                Ok(list) => {
                    assert!(
                        list.images
                            .iter()
                            .all(|image| { image.captions.iter().all(|caption| caption.trim() == caption) })
                    );
                    assert!(list.rejected.iter().all(|message| !message.is_empty()));
                }
                Err(error) => assert!(!format!("{error:#}").is_empty()),
            }
        }
    }
});
