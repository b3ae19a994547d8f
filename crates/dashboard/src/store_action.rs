//! Changes to the store, as data. They run on a separate thread, so that a slow store does not block input.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, Sender, channel},
    thread::Builder,
};

use clip_lab_store::{Request, RunId, Store, StoreError, Wait, migrate};

use clip_lab_chart::layout;

/// A change to the store.
#[derive(Debug, Clone, PartialEq)]
pub enum StoreAction {
    /// Send a request to a run.
    Request {
        /// Which run.
        run: RunId,
        /// Its name, for the message.
        name: String,
        /// The request.
        request: Request,
    },
    /// Tag a run.
    Tag {
        /// Which run.
        run: RunId,
        /// Its name, for the message.
        name: String,
        /// The tag.
        tag: String,
    },
    /// Remove a tag from a run.
    Untag {
        /// Which run.
        run: RunId,
        /// Its name, for the message.
        name: String,
        /// The tag.
        tag: String,
    },
    /// Add a note to a run.
    Note {
        /// Which run.
        run: RunId,
        /// Its name, for the message.
        name: String,
        /// The note.
        text: String,
    },
    /// Write a layout to a file beside the store.
    SaveLayout {
        /// Its name.
        name: String,
        /// The text of the file.
        text: String,
    },
}

/// A message about the result of an action.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The text.
    pub text: String,
    /// Whether the action succeeded.
    pub ok: bool,
}

/// Executes the change on the store at `path`, or beside it.
pub fn execute(path: &Path, action: &StoreAction) -> Message {
    match write(path, action) {
        Ok(text) => Message { text, ok: true },
        Err(text) => Message { text, ok: false },
    }
}

fn write(path: &Path, action: &StoreAction) -> Result<String, String> {
    let store = || open(path).map_err(|error| error.to_string());
    let done = |result: Result<(), StoreError>, text: String| {
        result.map(|()| text).map_err(|error| error.to_string())
    };
    match action {
        StoreAction::Request { run, name, request } => {
            let text = match request {
                Request::Stop => format!("asked {name} to stop; it saves a checkpoint first"),
                Request::Checkpoint => format!("asked {name} for a checkpoint"),
            };
            done(store()?.request(*run, *request), text)
        }
        StoreAction::Tag { run, name, tag } => {
            done(store()?.tag(*run, tag), format!("tagged {name} with {tag}"))
        }
        StoreAction::Untag { run, name, tag } => {
            done(store()?.untag(*run, tag), format!("removed the tag {tag} from {name}"))
        }
        StoreAction::Note { run, name, text } => {
            done(store()?.note(*run, text), format!("added a note to {name}"))
        }
        StoreAction::SaveLayout { name, text } => save(path, name, text),
    }
}

/// `Store::open` creates a missing store; the dashboard must not recreate one that was deleted.
fn open(path: &Path) -> Result<Store, StoreError> {
    if path.exists() { Store::open(path) } else { Err(StoreError::Missing(path.to_path_buf())) }
}

/// The first line of a saved layout; only files with this line are overwritten.
const HEADER: &str = "# Saved by `:layout save` of `clip-lab dashboard`.";

/// Writes a layout atomically.
fn save(store: &Path, name: &str, text: &str) -> Result<String, String> {
    layout::check_name(name)?;
    let path = layout::saved(store, name);
    let shown = path.display();
    let failed = |error: std::io::Error| format!("cannot write the layout {shown}: {error}");
    match fs::read_to_string(&path) {
        Ok(old) if !old.starts_with(HEADER) => {
            return Err(format!("{shown} was not written by this command: choose another name"));
        }
        _ => {}
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    // A unique name: another dashboard may save at the same time. `File::create_new` keeps the user's umask.
    let mut file =
        tempfile::Builder::new().make_in(folder, |path| fs::File::create_new(path)).map_err(failed)?;
    file.write_all(format!("{HEADER}\n{text}").as_bytes()).map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(format!("saved {shown}; show it with `clip-lab dashboard --layout {name}`"))
}

/// Starts the thread; it ends when the sender is dropped.
///
/// # Errors
/// If the thread cannot be spawned.
pub fn start(path: PathBuf) -> std::io::Result<(Sender<StoreAction>, Receiver<Message>)> {
    let (actions, received) = channel::<StoreAction>();
    let (replies, messages) = channel();
    Builder::new().name("clip-lab-edits".to_string()).spawn(move || {
        for action in received {
            let report = |wait: &Wait| drop(replies.send(Message { text: wait.to_string(), ok: true }));
            let migrated = match action {
                StoreAction::SaveLayout { .. } => Ok(()),
                _ => migrate(&path, &report),
            };
            let message = match migrated {
                Ok(()) => execute(&path, &action),
                Err(error) => Message { text: error.to_string(), ok: false },
            };
            if replies.send(message).is_err() {
                return;
            }
        }
    })?;
    Ok((actions, messages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_dashboards_can_save_a_layout_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("clip-lab.db");
        let texts = ["a".repeat(1 << 20), "b".repeat(1 << 20)];
        std::thread::scope(|scope| {
            for text in &texts {
                let store = &store;
                scope.spawn(move || (0..20).for_each(|_| drop(save(store, "mine", text).expect("saved"))));
            }
        });
        let path = layout::saved(&store, "mine");
        let saved = fs::read_to_string(&path).expect("a layout");
        assert!(texts.iter().any(|text| saved == format!("{HEADER}\n{text}")));
        assert_eq!(fs::read_dir(path.parent().expect("a folder")).expect("readable").count(), 1);
    }
}
