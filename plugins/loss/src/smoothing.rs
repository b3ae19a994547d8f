//! The check of `label_smoothing`, shared by several losses.

use clip_lab_plugin_api::Problems;

/// Reports a label smoothing outside of [0, 1).
pub fn check(problems: &mut Problems, smoothing: f64) {
    problems.require((0.0..1.0).contains(&smoothing), "label_smoothing", "must be at least 0 and below 1");
}
