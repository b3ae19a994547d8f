//! Messages about unusable shards and samples.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clip_lab_shards::{Index, Lack, Location};

/// Everything unusable in some shards.
pub(super) struct Skipped {
    pub messages: Vec<String>,
    shards: (usize, usize),
    images: (usize, usize),
}

impl Skipped {
    pub(super) fn of(found: &[(usize, Location, Result<Index>)]) -> Self {
        let (mut messages, mut faulty, mut lost, mut good) = (Vec::new(), 0, 0, 0);
        let mut faults = BTreeMap::<(Lack, bool), Vec<String>>::new();
        for (_, location, index) in found {
            match index {
                Err(error) => {
                    faulty += 1;
                    messages.push(format!("skipped: {error:#}"));
                }
                Ok(index) => {
                    if let Some(cut) = &index.cut {
                        faulty += 1;
                        messages.push(format!(
                            "shard {location} {cut}: {} images before that are used",
                            index.samples.len()
                        ));
                    }
                    good += index.samples.len();
                    lost += index.faults.iter().filter(|fault| fault.lost).count();
                    for fault in &index.faults {
                        let name = format!("{}/{}", location.file_name(), fault.key);
                        faults.entry((fault.lack, fault.lost)).or_default().push(name);
                    }
                }
            }
        }
        messages.extend(faults.iter().map(|((lack, lost), names)| message(*lack, *lost, names)));
        Self { messages, shards: (faulty, found.len()), images: (lost, good + lost) }
    }

    /// Rejects more than a fraction of faulty shards or lost images.
    pub(super) fn check_tolerance(&self, share: f64) -> Result<()> {
        for (what, (bad, all)) in [("shards", self.shards), ("images", self.images)] {
            if bad as f64 > share * all as f64 {
                bail!(
                    "{bad} of {all} {what} cannot be used, more than tolerate = {share} allows:\n  {}",
                    self.messages.join("\n  ")
                );
            }
        }
        Ok(())
    }
}

fn message(lack: Lack, lost: bool, names: &[String]) -> String {
    let what = match lack {
        Lack::Image => "texts without an image",
        Lack::Caption => "images with neither caption nor class",
        Lack::Json => "invalid or truncated JSON",
        Lack::Duplicate => "duplicate file names",
        Lack::Encoding => "text that is not UTF-8, read as Latin-1",
        Lack::Length => "text of more than 16 MiB, or beyond 1 GiB of the shard's texts, not read",
        Lack::Size => "images of more than 256 MiB, not read",
    };
    let more = if names.len() > 3 { ", ..." } else { "" };
    let first = names.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    let outcome = if lost { "skipped" } else { "used anyway" };
    format!("{what}: {}, {outcome} ({first}{more})", names.len())
}
