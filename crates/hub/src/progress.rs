//! Download progress of a repository, on standard error after the first second.

use std::{
    io::{IsTerminal as _, stderr},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{Name, RepoFile};

/// Shorter downloads print nothing.
const QUIET: Duration = Duration::from_secs(1);

/// Counts files and bytes.
pub(crate) struct Progress {
    name: String,
    files: usize,
    /// Total size of all files, if known.
    total: Option<u64>,
    bytes: AtomicU64,
    /// The part of `bytes` that was downloaded before.
    before: AtomicU64,
    ended: AtomicU64,
    since: Instant,
    shown: Mutex<Instant>,
    terminal: bool,
}

/// Counts the bytes of one file.
pub(crate) struct FileProgress<'a> {
    progress: &'a Progress,
    length: AtomicU64,
}

impl Progress {
    pub fn start(name: &Name, files: &[&RepoFile]) -> Self {
        // The reported sizes are untrusted.
        let total = files.iter().map(|file| file.size).try_fold(0_u64, |sum, size| sum.checked_add(size?));
        let now = Instant::now();
        Self {
            name: name.to_string(),
            files: files.len(),
            total,
            bytes: AtomicU64::new(0),
            before: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            since: now,
            shown: Mutex::new(now),
            terminal: stderr().is_terminal(),
        }
    }

    /// Adds a file of which `length` bytes are already downloaded.
    pub fn file(&self, length: u64) -> FileProgress<'_> {
        self.bytes.fetch_add(length, Ordering::Relaxed);
        self.before.fetch_add(length, Ordering::Relaxed);
        FileProgress { progress: self, length: AtomicU64::new(length) }
    }

    /// Counts a completed file.
    pub fn done(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
        self.show();
    }

    fn show(&self) {
        let pause = Duration::from_millis(if self.terminal { 200 } else { 5000 });
        let Ok(mut shown) = self.shown.try_lock() else { return };
        if self.since.elapsed() < QUIET || (*shown > self.since && shown.elapsed() < pause) {
            return;
        }
        *shown = Instant::now();
        match self.terminal {
            true => eprint!("\r\x1b[2K{}", self.line()),
            false => eprintln!("{}", self.line()),
        }
    }

    fn line(&self) -> String {
        let (bytes, before) = (self.bytes.load(Ordering::Relaxed), self.before.load(Ordering::Relaxed));
        let rate = bytes.saturating_sub(before) as f64 / self.since.elapsed().as_secs_f64().max(1e-9);
        let mut line = format!("fetching {}: ", clip_lab_escape::shown(&self.name));
        if self.files > 1 {
            line += &format!("{} of {} files, ", self.ended.load(Ordering::Relaxed), self.files);
        }
        line += &match self.total {
            Some(total) => format!("{} of {}", size(bytes), size(total)),
            None => size(bytes),
        };
        line += &format!(", {}/s", size(rate as u64));
        match self.total {
            Some(total) if rate >= 1.0 && total > bytes => {
                line + &format!(", {:.0} s left", (total - bytes) as f64 / rate)
            }
            _ => line,
        }
    }

    /// Ends the progress line.
    pub fn end(&self) {
        let shown = *self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if self.terminal && shown > self.since {
            eprintln!("\r\x1b[2K{}", self.line());
        }
    }
}

impl FileProgress<'_> {
    /// Sets the number of bytes downloaded; smaller than before after a restart.
    pub fn reached(&self, length: u64) {
        let before = self.length.swap(length, Ordering::Relaxed);
        self.progress.bytes.fetch_add(length.wrapping_sub(before), Ordering::Relaxed); // wraps around for a negative difference
        self.progress.show();
    }
}

/// `1.2 GB`, in powers of ten.
fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b >= 1e9 => format!("{:.2} GB", b / 1e9),
        b if b >= 1e6 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.0} kB", b / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_line_adds_up() {
        let listed = |size| RepoFile { size: Some(size), ..RepoFile::default() };
        let progress =
            Progress::start(&"hf:org/x".parse().unwrap(), &[&listed(4_000_000), &listed(6_000_000)]);
        let (a, b) = (progress.file(1_000_000), progress.file(0));
        a.reached(4_000_000);
        progress.done();
        b.reached(2_000_000);
        b.reached(500_000); // restarted
        let line = progress.line();
        assert!(line.starts_with("fetching hf:org/x: 1 of 2 files, 4.5 MB of 10.0 MB, "), "{line}");
        assert!(line.contains("/s, ") && line.ends_with(" s left"), "{line}");
    }
}
