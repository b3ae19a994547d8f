//! The state of the search screen: input, results and pending requests.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clip_lab_search_protocol::{Answer, Found, Hit, Image, Misses, Operation, Query, Ready, Reply};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Options, input::Input, thumbnails::ThumbnailCache};
use crate::panels::images::Gallery;

/// Debounces typing: a word typed quickly is one query.
const PAUSE: Duration = Duration::from_millis(50);
/// Lines of a page, for PageUp and PageDown.
const PAGE: isize = 10;

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

/// The purpose of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Purpose {
    /// Run a query.
    Search(Query),
    /// Load an image, by number and size.
    Thumbnail((usize, u32)),
    /// List wrong matches.
    Misses,
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

    /// Handles a key. `q` closes what is open, else leaves; in the prompt it is a letter. Esc closes too, and leaves if
    /// pressed twice.
    pub fn press(&mut self, key: KeyEvent, now: Instant) -> Next {
        let again = std::mem::take(&mut self.leaving);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return Next::Leave,
            KeyCode::Esc if again => return Next::Leave,
            KeyCode::Esc => self.leaving = self.close(now) == Next::Leave,
            KeyCode::F(1) => self.help = !self.help,
            _ if self.help => self.help = false,
            KeyCode::Down => self.move_selection(1),
            KeyCode::Up => self.move_selection(-1),
            KeyCode::PageDown => self.move_selection(PAGE),
            KeyCode::PageUp => self.move_selection(-PAGE),
            KeyCode::Enter => self.toggle_enlarged(),
            KeyCode::Tab | KeyCode::BackTab => self.toggle_nearest(now),
            code if self.focus == Focus::List => return self.list(code, control, now),
            code => self.prompt(code, control, now),
        }
        Next::Stay
    }

    /// Toggles the selected image at full screen; the list then has the focus.
    fn toggle_enlarged(&mut self) {
        self.enlarged = !self.enlarged && self.lines() > 0;
        if self.enlarged {
            self.focus = Focus::List;
        }
    }

    /// Closes the topmost thing that is open.
    fn close(&mut self, now: Instant) -> Next {
        if self.help {
            self.help = false;
        } else if self.enlarged {
            self.enlarged = false;
        } else if self.similar_to.is_some() {
            self.toggle_nearest(now);
        } else {
            return Next::Leave;
        }
        Next::Stay
    }

    fn list(&mut self, code: KeyCode, control: bool, now: Instant) -> Next {
        match code {
            KeyCode::Char('q') => return self.close(now),
            KeyCode::Char('?') => self.help = true,
            KeyCode::Char('j') | KeyCode::Right => self.move_selection(1),
            KeyCode::Char('k') | KeyCode::Left => self.move_selection(-1),
            KeyCode::Home => self.selected = 0,
            KeyCode::End => self.selected = self.lines().saturating_sub(1),
            _ if self.shows_misses() => {}
            KeyCode::Char('/') => self.focus_prompt(now),
            _ => {
                self.focus_prompt(now);
                self.prompt(code, control, now);
            }
        }
        Next::Stay
    }

    /// Returns to the prompt and its results.
    fn focus_prompt(&mut self, now: Instant) {
        (self.focus, self.enlarged) = (Focus::Prompt, false);
        if self.similar_to.take().is_some() {
            self.schedule_query(now, Duration::ZERO);
        }
    }

    fn prompt(&mut self, code: KeyCode, control: bool, now: Instant) {
        let before = self.input.text().to_owned();
        match code {
            KeyCode::Char('?') if self.input.text().is_empty() => self.help = true,
            KeyCode::Char('u') if control => self.input.clear(),
            KeyCode::Char('w') if control => self.input.delete_word(),
            KeyCode::Char(c) if !control => self.input.insert(c),
            KeyCode::Backspace => self.input.delete(),
            KeyCode::Left => self.input.move_by(-1),
            KeyCode::Right => self.input.move_by(1),
            KeyCode::Home => self.input.move_by(isize::MIN),
            KeyCode::End => self.input.move_by(isize::MAX),
            _ => {}
        }
        if self.input.text() != before {
            (self.similar_to, self.enlarged) = (None, false);
            self.schedule_query(now, PAUSE);
        }
    }

    /// Schedules a query for the prompt after `pause`.
    fn schedule_query(&mut self, now: Instant, pause: Duration) {
        let text = self.input.text().trim();
        self.due = (!text.is_empty()).then(|| (Query::Text(text.to_owned()), now + pause));
        if text.is_empty() {
            (self.found, self.error, self.selected) = (None, None, 0);
        }
    }

    fn move_selection(&mut self, by: isize) {
        let last = self.lines().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
        if self.lines() > 0 {
            self.focus = Focus::List;
        }
    }

    /// Toggles between the prompt's results and the nearest neighbours of the selected image.
    fn toggle_nearest(&mut self, now: Instant) {
        if self.shows_misses() {
            return;
        }
        if self.similar_to.take().is_some() {
            self.focus = Focus::Prompt;
            return self.schedule_query(now, Duration::ZERO);
        }
        let Some(hit) = self.hit().cloned() else { return };
        self.due = Some((Query::Image(Image::Gallery(hit.image)), now));
        (self.similar_to, self.focus) = (Some(hit), Focus::List);
    }

    /// The requests to send now, including those for `images`. At most one query is in flight, so that the latest
    /// text does not queue behind earlier ones.
    pub fn requests(&mut self, now: Instant, images: &[(usize, u32)]) -> Vec<(Purpose, Operation)> {
        let mut requests = Vec::new();
        let busy = self.in_flight.values().any(|purpose| !matches!(purpose, Purpose::Thumbnail(_)));
        if let Some((query, _)) = self.due.take_if(|(_, from)| !busy && now >= *from) {
            let operation = Operation::Nearest { to: query.clone(), top: self.top, check: false };
            requests.push((Purpose::Search(query), operation));
        }
        if let (Some(count), None, false) = (self.worst, &self.misses, busy)
            && self.error.is_none()
        {
            requests.push((Purpose::Misses, Operation::Misses { count, top: self.top }));
        }
        if self.gallery.on() {
            let missing = self.thumbnails.requests(images.iter().copied());
            requests.extend(missing.into_iter().map(|(key, operation)| (Purpose::Thumbnail(key), operation)));
        }
        requests
    }

    /// Registers a sent request.
    pub fn sent(&mut self, id: u64, purpose: Purpose) {
        self.in_flight.insert(id, purpose);
    }

    /// Handles a reply.
    pub fn take(&mut self, reply: Reply) {
        let Some(purpose) = self.in_flight.remove(&reply.id) else { return };
        match (purpose, reply.answer) {
            (Purpose::Thumbnail(key), answer) => {
                let jpeg = match answer {
                    Answer::Thumbnail { jpeg } => STANDARD.decode(jpeg).ok(),
                    _ => None,
                };
                self.thumbnails.insert(key, jpeg);
            }
            // The prompt was emptied meanwhile.
            (Purpose::Search(Query::Text(_)), _) if self.input.text().trim().is_empty() => {}
            (Purpose::Search(_), Answer::Found(found)) => {
                (self.found, self.error, self.selected) = (Some(found), None, 0);
            }
            (Purpose::Misses, Answer::Misses(misses)) => self.misses = Some(misses),
            (_, Answer::Failed(why)) => (self.found, self.error) = (None, Some(why)),
            (_, _) => self.error = Some("the search process is of another version".to_owned()),
        }
    }
}
