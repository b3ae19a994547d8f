//! Messages about unusable shards and samples.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clip_lab_shards::{FaultKind, Index, Location};

/// Everything unusable in some shards.
pub(super) struct Skipped {
    pub messages: Vec<String>,
    shards: (usize, usize),
    images: (usize, usize),
}

impl Skipped {
    pub(super) fn of(found: &[(usize, Location, Result<Index>)]) -> Self {
        let (mut messages, mut faulty, mut lost, mut good) = (Vec::new(), 0, 0, 0);
        let mut faults = BTreeMap::<(FaultKind, bool), Vec<String>>::new();
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
                        faults.entry((fault.kind, fault.lost)).or_default().push(name);
                    }
                }
            }
        }
        messages.extend(faults.iter().map(|((kind, lost), names)| message(*kind, *lost, names)));
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

fn message(kind: FaultKind, lost: bool, names: &[String]) -> String {
    let what = match kind {
        FaultKind::Image => "texts without an image",
        FaultKind::Caption => "images with neither caption nor class",
        FaultKind::Json => "invalid or truncated JSON",
        FaultKind::Duplicate => "duplicate file names",
        FaultKind::Encoding => "text that is not UTF-8, read as Latin-1",
        FaultKind::Length => "text of more than 16 MiB, or beyond 1 GiB of the shard's texts, not read",
        FaultKind::Size => "images of more than 256 MiB, not read",
    };
    let more = if names.len() > 3 { ", ..." } else { "" };
    let first = names.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    let outcome = if lost { "skipped" } else { "used anyway" };
    format!("{what}: {}, {outcome} ({first}{more})", names.len())
}
