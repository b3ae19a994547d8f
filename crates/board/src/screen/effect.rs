//! What the screen asks of the store: data, carried out on a thread of its own, so that a slow store stops no key.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, Sender, channel},
    thread::Builder,
};

use clip_lab_store::{Request, RunId, Store, StoreError};

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
}

/// What has become of it, in a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The sentence.
    pub words: String,
    /// Whether it went well.
    pub good: bool,
}

/// Makes the change in the store at `path`.
pub fn carry_out(path: &Path, effect: &Effect) -> Told {
    // A store is made where none is; but here it has been seen, and gone is gone.
    let found = if path.exists() { Store::open(path) } else { Err(StoreError::Missing(path.to_path_buf())) };
    match found.and_then(|store| write(&store, effect)) {
        Ok(words) => Told { words, good: true },
        Err(error) => Told { words: error.to_string(), good: false },
    }
}

fn write(store: &Store, effect: &Effect) -> Result<String, StoreError> {
    match effect {
        Effect::Ask { run, name, request } => {
            store.request(*run, *request)?;
            Ok(match request {
                Request::Stop => format!("{name} is asked to stop: it saves a checkpoint first"),
                Request::Checkpoint => format!("{name} is asked for a checkpoint"),
            })
        }
        Effect::Tag { run, name, tag } => store.tag(*run, tag).map(|()| format!("{name} is tagged {tag}")),
        Effect::Untag { run, name, tag } => {
            store.untag(*run, tag).map(|()| format!("{name} is no longer tagged {tag}"))
        }
        Effect::Note { run, name, text } => store.note(*run, text).map(|()| format!("noted on {name}")),
    }
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
