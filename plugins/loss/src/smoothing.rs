//! Label smoothing, where several losses have it.

use clip_lab_api::Faults;

/// Finds a share that cannot be spread.
pub fn check(faults: &mut Faults, share: f64) {
    faults.require((0.0..1.0).contains(&share), "label_smoothing", "is a share: at least 0 and below 1");
}
