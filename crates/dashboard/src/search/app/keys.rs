//! How keys change the search screen.

use std::time::{Duration, Instant};

use clip_lab_search_protocol::{Image, Query};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{App, Focus, Next};

/// How long to wait for the next letter: a word typed quickly is one query.
const DEBOUNCE: Duration = Duration::from_millis(50);
/// Lines of a page, for PageUp and PageDown.
const PAGE: isize = 10;

impl App {
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
            code if self.focus == Focus::List => return self.list_key(code, control, now),
            code => self.prompt_key(code, control, now),
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

    /// Handles a key while the list has the focus.
    fn list_key(&mut self, code: KeyCode, control: bool, now: Instant) -> Next {
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
                self.prompt_key(code, control, now);
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

    /// Handles a key while the prompt has the focus.
    fn prompt_key(&mut self, code: KeyCode, control: bool, now: Instant) {
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
            self.schedule_query(now, DEBOUNCE);
        }
    }

    /// Schedules a query for the prompt after `delay`.
    fn schedule_query(&mut self, now: Instant, delay: Duration) {
        let text = self.input.text().trim();
        self.due = (!text.is_empty()).then(|| (Query::Text(text.to_owned()), now + delay));
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
}
