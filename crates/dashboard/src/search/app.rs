//! The state of the search screen: input, results and pending requests.

mod keys;
mod requests;

use std::{collections::HashMap, time::Instant};

use clip_lab_search_protocol::{Found, Hit, Misses, Query, Ready};

use super::{Options, input::Input, thumbnails::ThumbnailCache};
use crate::images::Gallery;

pub use requests::Purpose;

/// The focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The prompt: letters are text.
    Prompt,
    /// The list: letters are commands.
    List,
}

/// What the event loop does after a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Stay on the screen.
    Stay,
    /// Close the screen.
    Leave,
}

/// The state of the search screen.
pub struct App {
    /// The index to search.
    pub ready: Ready,
    /// The prompt.
    pub input: Input,
    /// The focus.
    pub focus: Focus,
    /// The image whose nearest neighbours are shown instead of the prompt's results.
    pub similar_to: Option<Hit>,
    /// The results.
    pub found: Option<Found>,
    /// Wrong matches, if these are shown instead of a prompt.
    pub misses: Option<Misses>,
    /// The selected line.
    pub selected: usize,
    /// Whether its image fills the screen.
    pub enlarged: bool,
    /// Whether the help is open.
    pub help: bool,
    /// The error of the last request.
    pub error: Option<String>,
    /// Whether the next Esc leaves.
    pub leaving: bool,
    /// Encodes images for the terminal.
    pub gallery: Gallery,
    /// The images loaded.
    pub thumbnails: ThumbnailCache,
    top: usize,
    worst: Option<usize>,
    /// The next query, and when to send it.
    due: Option<(Query, Instant)>,
    /// Requests without a reply yet.
    in_flight: HashMap<u64, Purpose>,
}

impl App {
    /// A screen that starts with the first query of `options`, if any.
    pub fn new(options: Options, now: Instant) -> Self {
        let Options { ready, first, top, worst, .. } = options;
        let input = match &first {
            Some(Query::Text(text)) => Input::new(text),
            _ => Input::default(),
        };
        Self {
            focus: if worst.is_some() { Focus::List } else { Focus::Prompt },
            due: first.map(|query| (query, now)),
            gallery: Gallery::off(),
            thumbnails: ThumbnailCache::default(),
            in_flight: HashMap::new(),
            similar_to: None,
            found: None,
            misses: None,
            selected: 0,
            enlarged: false,
            help: false,
            error: None,
            leaving: false,
            ready,
            input,
            top,
            worst,
        }
    }

    /// Whether wrong matches are shown instead of a prompt.
    pub fn shows_misses(&self) -> bool {
        self.worst.is_some()
    }

    /// The number of lines in the list.
    pub fn lines(&self) -> usize {
        match &self.misses {
            Some(misses) => misses.worst.len(),
            None => self.found.as_ref().map_or(0, |found| found.hits.len()),
        }
    }

    /// The selected image.
    pub fn hit(&self) -> Option<&Hit> {
        self.found.as_ref()?.hits.get(self.selected)
    }

    /// Whether a query is pending.
    pub fn waiting(&self) -> bool {
        self.due.is_some() || self.in_flight.values().any(|purpose| !matches!(purpose, Purpose::Thumbnail(_)))
    }
}
