//! What the screen asks of the store: data, carried out on a thread of its own, so that a slow store stops no key.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, Sender, channel},
    thread::Builder,
};

use clip_lab_store::{Request, RunId, Store, StoreError};

use crate::layout;

/// A change to the store.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask a run for something.
    Ask {
        /// Which run.
        run: RunId,
        /// Its name, for the answer.
        name: String,
        /// For what.
        request: Request,
    },
    /// Tag a run.
    Tag {
        /// Which run.
        run: RunId,
        /// Its name, for the answer.
        name: String,
        /// The tag.
        tag: String,
    },
    /// Take a tag off a run.
    Untag {
        /// Which run.
        run: RunId,
        /// Its name, for the answer.
        name: String,
        /// The tag.
        tag: String,
    },
    /// Write a note on a run.
    Note {
        /// Which run.
        run: RunId,
        /// Its name, for the answer.
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

/// What has become of it, in a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The sentence.
    pub words: String,
    /// Whether it went well.
    pub good: bool,
}

/// Makes the change in the store at `path`, or beside it.
pub fn carry_out(path: &Path, effect: &Effect) -> Told {
    match write(path, effect) {
        Ok(words) => Told { words, good: true },
        Err(words) => Told { words, good: false },
    }
}

fn write(path: &Path, effect: &Effect) -> Result<String, String> {
    let store = || open(path).map_err(|error| error.to_string());
    let done = |result: Result<(), StoreError>, words: String| {
        result.map(|()| words).map_err(|error| error.to_string())
    };
    match effect {
        Effect::Ask { run, name, request } => {
            let words = match request {
                Request::Stop => format!("{name} is asked to stop: it saves a checkpoint first"),
                Request::Checkpoint => format!("{name} is asked for a checkpoint"),
            };
            done(store()?.request(*run, *request), words)
        }
        Effect::Tag { run, name, tag } => done(store()?.tag(*run, tag), format!("{name} is tagged {tag}")),
        Effect::Untag { run, name, tag } => {
            done(store()?.untag(*run, tag), format!("{name} is no longer tagged {tag}"))
        }
        Effect::Note { run, name, text } => done(store()?.note(*run, text), format!("noted on {name}")),
        Effect::SaveLayout { name, text } => save(path, name, text),
    }
}

/// A store is made where none is; but here it has been seen, and gone is gone.
fn open(path: &Path) -> Result<Store, StoreError> {
    if path.exists() { Store::open(path) } else { Err(StoreError::Missing(path.to_path_buf())) }
}

/// The first line of a layout that keys have saved: only such a file is written over.
const SAVED: &str = "# Saved by `:layout save` of `clip-lab dashboard`.";

/// Writes a layout, whole or not at all.
fn save(store: &Path, name: &str, text: &str) -> Result<String, String> {
    layout::check_name(name)?;
    let path = layout::saved(store, name);
    let shown = path.display();
    let failed = |error: std::io::Error| format!("cannot write the layout {shown}: {error}");
    match fs::read_to_string(&path) {
        Ok(old) if !old.starts_with(SAVED) => {
            return Err(format!("{shown} was not written by this command: choose another name"));
        }
        _ => {}
    }
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    let aside = path.with_extension("toml.new");
    fs::write(&aside, format!("{SAVED}\n{text}")).and_then(|()| fs::rename(&aside, &path)).map_err(failed)?;
    Ok(format!("saved as {shown}: `clip-lab dashboard --layout {name}` shows it"))
}

/// Starts the thread; it ends when the sender is dropped.
///
/// # Errors
/// When the system has no thread to give.
pub fn start(path: PathBuf) -> std::io::Result<(Sender<Effect>, Receiver<Told>)> {
    let (ask, asked) = channel::<Effect>();
    let (tell, told) = channel();
    Builder::new().name("clip-lab-edits".to_string()).spawn(move || {
        for effect in asked {
            if tell.send(carry_out(&path, &effect)).is_err() {
                return;
            }
        }
    })?;
    Ok((ask, told))
}
