//! Tokenizer files: any bytes are a tokenizer or are rejected, and an accepted tokenizer encodes a short text into few
//! ids, or fails, with little memory. The check is included by path, since its crate needs libtorch.
#![no_main]

use std::{
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::Once,
};

use libfuzzer_sys::fuzz_target;
use tokenizers::{PostProcessor as _, Tokenizer, TruncationDirection};

#[path = "../../plugins/tokenizer/src/huggingface/growth.rs"]
mod growth;

use growth::Growth;

const TEXTS: [&str; 4] = ["", "a dog runs on grass", "aaaaaaaaaaaaaaaaaaaa!", "İ ﷺ 犬 \u{202e}x"];
const LIMIT: usize = 77;

fuzz_target!(|bytes: &[u8]| {
    // libFuzzer's hook would abort the process before a panic can be caught.
    static ONCE: Once = Once::new();
    ONCE.call_once(|| panic::set_hook(Box::new(|_| ())));
    let read = || {
        let mut library = Tokenizer::from_bytes(bytes).ok()?;
        let growth = Growth::of(&library).ok()?;
        library.with_padding(None);
        library.with_truncation(None).ok()?;
        Some((library, growth))
    };
    let Ok(Some((library, growth))) = catch_unwind(AssertUnwindSafe(read)) else { return };
    let special = library.get_post_processor().map_or(0, |processor| processor.added_tokens(false));
    for text in TEXTS.into_iter().filter(|_| special <= LIMIT) {
        if growth.check(text).is_err() {
            continue;
        }
        let encode = || {
            let mut encoding = library.encode_fast(text, false).ok()?;
            encoding.truncate(LIMIT - special, 0, TruncationDirection::Right);
            match library.get_post_processor() {
                Some(processor) => processor.process(encoding, None, true).ok(),
                None => Some(encoding),
            }
        };
        if let Ok(Some(encoding)) = catch_unwind(AssertUnwindSafe(encode)) {
            if encoding.get_ids().len() > LIMIT {
                // A failed assertion would count as a panic of the library.
                std::process::abort();
            }
        }
    }
});
