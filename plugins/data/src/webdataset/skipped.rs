//! What cannot be used, in sentences.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use clip_lab_shards::{Index, Lack, Place};

/// Everything that cannot be used of some shards.
pub(super) struct Skipped {
    pub sentences: Vec<String>,
    shards: (usize, usize),
    pictures: (usize, usize),
}

impl Skipped {
    pub(super) fn of(found: &[(usize, Place, Result<Index>)]) -> Self {
        let (mut sentences, mut faulty, mut lost, mut good) = (Vec::new(), 0, 0, 0);
        let mut faults = BTreeMap::<(Lack, bool), Vec<String>>::new();
        for (_, place, index) in found {
            match index {
                Err(error) => {
                    faulty += 1;
                    sentences.push(format!("left out: {error:#}"));
                }
                Ok(index) => {
                    if let Some(cut) = &index.cut {
                        faulty += 1;
                        sentences.push(format!(
                            "shard {place} {cut}: {} pictures before that are used",
                            index.samples.len()
                        ));
                    }
                    good += index.samples.len();
                    lost += index.faults.iter().filter(|fault| fault.lost).count();
                    for fault in &index.faults {
                        let name = format!("{}/{}", place.file_name(), fault.key);
                        faults.entry((fault.lack, fault.lost)).or_default().push(name);
                    }
                }
            }
        }
        sentences.extend(faults.iter().map(|((lack, lost), names)| sentence(*lack, *lost, names)));
        Self { sentences, shards: (faulty, found.len()), pictures: (lost, good + lost) }
    }

    /// Refuses more than a share of faulty shards or lost images.
    pub(super) fn within(&self, share: f64) -> Result<()> {
        for (what, (bad, all)) in [("shards", self.shards), ("pictures", self.pictures)] {
            if bad as f64 > share * all as f64 {
                bail!(
                    "{bad} of {all} {what} cannot be used, more than tolerate = {share} allows:\n  {}",
                    self.sentences.join("\n  ")
                );
            }
        }
        Ok(())
    }
}

fn sentence(lack: Lack, lost: bool, names: &[String]) -> String {
    let what = match lack {
        Lack::Picture => "texts without a picture",
        Lack::Caption => "pictures with neither caption nor class",
        Lack::Json => "JSON that is none or was cut short",
        Lack::Duplicate => "files of a name that came before",
        Lack::Encoding => "text that is not UTF-8, read as Latin-1",
        Lack::Length => "text of more than 16 MiB, or beyond 1 GiB of the shard's texts, not read",
        Lack::Size => "pictures of more than 256 MiB, not read",
    };
    let more = if names.len() > 3 { ", ..." } else { "" };
    let first = names.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    let fate = if lost { "left out" } else { "used all the same" };
    format!("{what}: {}, {fate} ({first}{more})", names.len())
}
