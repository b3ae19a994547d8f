//! Signals that were already ignored at start-up.

/// The `signals` that a program may handle. A signal that is ignored at start-up must stay ignored: `nohup` ignores
/// SIGHUP for its child, and a shell script ignores SIGINT for background jobs. Call this before installing a handler,
/// which replaces the ignored disposition.
pub fn not_ignored(signals: &[i32]) -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = ignored(&status);
    signals.iter().copied().filter(|signal| !has(ignored, *signal)).collect()
}

/// The mask of `SigIgn:`; 0 if the system does not report it.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Whether `signal`, counted from 1, is in `mask`.
fn has(mask: u64, signal: i32) -> bool {
    let bit = u32::try_from(signal - 1).ok().and_then(|bit| 1u64.checked_shl(bit));
    bit.is_some_and(|bit| mask & bit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        let status = "Name:\tclip-lab\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001003\n";
        let mask = ignored(status);
        let signals = [1, 2, 3, 13, 15, 0, -1, 64, 65];
        assert_eq!(
            signals.map(|signal| has(mask, signal)),
            [true, true, false, true, false, false, false, false, false]
        );
        assert_eq!(ignored("nothing of the kind"), 0);
    }
}
