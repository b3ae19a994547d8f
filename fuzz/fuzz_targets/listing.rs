//! Listings of a hub: any bytes are a listing whose names are below a folder, or are rejected with a message. The
//! reader is included by path, since its crate needs HTTP.
#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/hub/src/listed.rs"]
#[allow(dead_code)]
mod listed;
#[path = "../../crates/hub/src/name.rs"]
#[allow(dead_code)]
mod name;

use listed::Listing;

fuzz_target!(|bytes: &[u8]| {
    // Mostly names are fuzzed: the lines of the input are a listing too.
    let lines = String::from_utf8_lossy(bytes);
    let files: Vec<_> = lines.lines().map(|name| serde_json::json!({ "rfilename": name })).collect();
    let made = serde_json::json!({ "sha": "c0ffee", "siblings": files }).to_string();
    for text in [bytes, made.as_bytes()] {
        match Listing::parse(text) {
            Ok(listing) => {
                assert!(!listing.commit.contains(['/', '.']) && !listing.commit.is_empty());
                for file in &listing.files {
                    let path = Path::new(&file.name);
                    assert!(path.components().all(|part| matches!(part, Component::Normal(_))));
                    assert!(path.components().count() <= 64 && file.name.len() <= 1024);
                    assert!(!file.name.contains(char::is_control));
                }
                let written = serde_json::to_vec(&listing).unwrap();
                assert_eq!(Listing::parse(&written).unwrap(), listing);
            }
            Err(error) => {
                let message = error.to_string();
                assert!(!message.is_empty() && message.len() < 1500 && !message.contains(char::is_control));
            }
        }
    }
    if let Ok(name) = str::from_utf8(bytes).unwrap_or_default().parse::<name::Name>() {
        assert_eq!(name.to_string().parse::<name::Name>().unwrap(), name);
    }
});
