//! Reads the console log of a run: the end of `log.txt` in its folder.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use rustix::fs::OFlags;

use crate::data::panels::Log;
use clip_lab_chart::text::clean;

/// The name of the file in the run's folder.
const FILE: &str = "log.txt";
/// The most bytes read from its end.
const MAX_BYTES: u64 = 64 << 10;

/// The log read last, with its path, modification time and length in bytes.
#[derive(Default)]
pub struct LogCache(Option<(PathBuf, Option<SystemTime>, u64, Log)>);

impl LogCache {
    /// The log of the run `name` in the folder `uid` beside the store at `store`; read again if the file has changed.
    pub fn read(&mut self, store: &Path, uid: &str, name: &str) -> Log {
        // A uid is alphanumeric; anything else could point outside the folder.
        let sound = !uid.is_empty() && uid.chars().all(|c| c.is_ascii_alphanumeric());
        if !sound {
            let error = Some("no console log: the uid of this run is not a valid folder name".to_string());
            return Log { name: name.to_string(), error, ..Log::default() };
        }
        let path = store.with_file_name(uid).join(FILE);
        let state = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file);
        let (changed, length) = state.map_or((None, 0), |state| (state.modified().ok(), state.len()));
        match &self.0 {
            Some((cached, at, long, log)) if *cached == path && (*at, *long) == (changed, length) => {
                log.clone()
            }
            _ => {
                let log = end(name, &path);
                self.0 = Some((path, changed, length, log.clone()));
                log
            }
        }
    }
}

fn end(name: &str, path: &Path) -> Log {
    let log = Log { name: name.to_string(), path: path.to_path_buf(), ..Log::default() };
    match tail(path) {
        Ok((lines, cut)) => Log { lines: Arc::new(lines), cut, ..log },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let message = "no console log: this run printed to the terminal that started it";
            Log { error: Some(message.to_string()), ..log }
        }
        Err(error) => Log { error: Some(format!("cannot read {}: {error}", path.display())), ..log },
    }
}

/// The last lines of a regular file, and whether there are more. Reading other files, such as a FIFO, could block.
fn tail(path: &Path) -> io::Result<(Vec<String>, bool)> {
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let mut file: File = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?;
    let state = file.metadata()?;
    if !state.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let cut = state.len() > MAX_BYTES;
    file.seek(SeekFrom::Start(state.len().saturating_sub(MAX_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line after a cut is incomplete.
    let lines = text.lines().skip(usize::from(cut)).map(clean).collect();
    Ok((lines, cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

    fn written(text: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join(UID)).expect("made");
        fs::write(folder.path().join(UID).join(FILE), text).expect("written");
        let store = folder.path().join("clip-lab.db");
        (folder, store)
    }

    #[test]
    fn the_end_of_a_long_log_is_read_and_escaped() {
        let many: String = (0..20_000).map(|i| format!("line {i}\n")).collect();
        let (_folder, store) = written(format!("{many}\u{1b}]0;x\u{7}last\n").as_bytes());
        let log = LogCache::default().read(&store, UID, "a");
        assert!(log.cut && log.lines.len() < 20_000);
        assert!(log.lines[0].starts_with("line "), "no half line: {}", log.lines[0]);
        assert_eq!(log.lines.last().map(String::as_str), Some(r"\u001b]0;x\u0007last"));
    }

    #[test]
    fn a_log_that_grows_is_read_again() {
        let (folder, store) = written(b"one\n");
        let mut cache = LogCache::default();
        assert_eq!(cache.read(&store, UID, "a").lines.len(), 1);
        fs::write(folder.path().join(UID).join(FILE), "one\ntwo\n").expect("written");
        assert_eq!(cache.read(&store, UID, "a").lines.len(), 2);
    }

    #[test]
    fn files_that_are_not_the_log_of_a_run_are_not_opened() {
        let (folder, store) = written(b"");
        let path = folder.path().join(UID).join(FILE);
        fs::write(folder.path().join(FILE), "another file").expect("written");
        for uid in ["", "..", "../x", "."] {
            assert!(LogCache::default().read(&store, uid, "a").lines.is_empty(), "{uid}");
        }
        fs::remove_file(&path).expect("removed");
        assert!(
            LogCache::default().read(&store, UID, "a").error.is_some_and(|t| t.contains("no console log"))
        );
        std::os::unix::fs::symlink("/etc/passwd", &path).expect("linked");
        assert!(LogCache::default().read(&store, UID, "a").error.is_some_and(|t| t.contains("cannot read")));
        fs::remove_file(&path).expect("removed");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .expect("a FIFO");
        let log = LogCache::default().read(&store, UID, "a");
        assert!(log.error.is_some_and(|t| t.contains("not a regular file")));
    }
}
