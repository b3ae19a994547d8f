//! The digest by which two stores notice that a run differs besides its log calls.

use super::types::RunHead;

/// A digest of what tags, notes, events, evaluations and the environment say; equal in two stores that agree.
pub fn digest(head: &RunHead) -> String {
    let mut artifacts = head.artifacts.clone();
    artifacts.sort();
    let parts = (
        &head.environment,
        &head.tags,
        &head.notes,
        &head.events,
        &head.evaluations,
        artifacts,
        &head.ranks,
        &head.probes,
    );
    let text = serde_json::to_vec(&parts).unwrap_or_default(); // texts and numbers always serialize
    blake3::hash(&text).to_hex()[..32].to_owned()
}
