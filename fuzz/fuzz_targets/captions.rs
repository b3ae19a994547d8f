//! Lists of captions: any text is read or refused with words, as every format. The readers are taken from their files, since
//! the crate around them needs libtorch.
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
    let (text, strange) = captions::format::text(bytes);
    assert!(strange <= bytes.len());
    let mine = ColumnOverrides { image: Some("i"), caption: Some("c") };
    let guess = Format::of_text(&text);
    for format in [guess, Format::Table, Format::Karpathy, Format::Coco, Format::Jsonl] {
        for overrides in [ColumnOverrides::default(), mine] {
            match format.parse(&text, overrides) {
                Ok(list) => {
                    assert!(
                        list.pictures.iter().all(|picture| {
                            picture.captions.iter().all(|caption| caption.trim() == caption)
                        })
                    );
                    assert!(list.rejected.iter().all(|message| !message.is_empty()));
                }
                Err(error) => assert!(!format!("{error:#}").is_empty()),
            }
        }
    }
});
