//! The active key bindings: the defaults, as changed by `keys.toml`.

use std::ops::Range;

use clip_lab_diagnostics::{Problem, render, syntax};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use toml::de::DeTable;

use super::{Action, BINDINGS, Binding, Chord, Handler};
use clip_lab_chart::layout::{Kind, table::Table};

/// The keys of each of [`BINDINGS`], in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Keys(Vec<Vec<Chord>>);

impl Default for Keys {
    fn default() -> Keys {
        let chords = |binding: &Binding| binding.keys.iter().filter_map(|key| Chord::parse(key)).collect();
        Keys(BINDINGS.iter().map(chords).collect())
    }
}

impl Keys {
    /// Parses `keys.toml`: names of bindings with a key or a list of keys; other bindings keep their defaults.
    ///
    /// # Errors
    /// All problems, each with its line and a caret, as text to print.
    pub fn parse(name: &str, text: &str) -> Result<Keys, String> {
        Keys::read(text).map_err(|problems| render(name, text, &problems, false))
    }

    fn read(text: &str) -> Result<Keys, Vec<Problem>> {
        let parsed = DeTable::parse(text).map_err(|error| vec![syntax(&error)])?;
        let names: Vec<&str> = BINDINGS.iter().map(|binding| binding.name).collect();
        let (mut keys, mut problems) = (Keys::default(), Vec::new());
        let mut places: Vec<Option<Range<usize>>> = vec![None; BINDINGS.len()];
        let mut table = Table::new("keys.toml", parsed.get_ref(), 0..0, &names, &mut problems);
        for (i, name) in names.iter().enumerate().filter(|(_, name)| parsed.get_ref().contains_key(**name)) {
            let place = parsed.get_ref().get(*name).map(toml::Spanned::span).unwrap_or_default();
            keys.0[i] = chords(&mut table, name, &place);
            places[i] = Some(place);
        }
        keys.conflicts(&places, &mut problems);
        if problems.is_empty() { Ok(keys) } else { Err(problems) }
    }

    /// Reports bindings that share a key and can be active at the same time.
    fn conflicts(&self, places: &[Option<Range<usize>>], problems: &mut Vec<Problem>) {
        for (i, binding) in BINDINGS.iter().enumerate() {
            for (j, other) in BINDINGS.iter().enumerate().take(i).filter(|(_, other)| overlap(binding, other))
            {
                let Some(chord) = self.0[i].iter().find(|chord| self.0[j].contains(chord)) else { continue };
                let Some(place) = places[i].clone().or(places[j].clone()) else { continue };
                let message =
                    format!("the key `{chord}` is bound to both `{}` and `{}`", other.name, binding.name);
                let free = if places[i].is_some() { other.name } else { binding.name };
                let help = format!("rebind `{free}` as well, or unbind it: {free} = []");
                problems.push(Problem::at(place, message).help(help));
            }
        }
    }

    /// The action of `key` while a panel of kind `on` has the focus.
    pub fn action(&self, key: KeyEvent, on: Option<Kind>) -> Option<Action> {
        if reserved(key) {
            return Some(Action::Leave);
        }
        for (binding, chords) in BINDINGS.iter().zip(&self.0).filter(|(binding, _)| binding.is_active(on)) {
            if let Some(at) = chords.iter().position(|chord| chord.matches(key)) {
                return Some(match &binding.handler {
                    Handler::Either(Action::View(_), _) => Action::View(at),
                    Handler::Action(action) | Handler::Either(action, _) => action.clone(),
                    Handler::Argument(_) => Action::Command(format!("{} ", binding.name)),
                });
            }
        }
        None
    }

    /// The first key of the binding `name`; if it has none, its command.
    pub fn key_of(&self, name: &str) -> String {
        let at = BINDINGS.iter().position(|binding| binding.name == name);
        let key = at.map_or(String::new(), |at| self.text(at, 1));
        if key.is_empty() { format!(":{name}") } else { key }
    }

    /// The first `max_keys` keys of the binding at index `i`, as text; consecutive digits are a range.
    pub fn text(&self, i: usize, max_keys: usize) -> String {
        let chords = self.0.get(i).map_or(&[][..], Vec::as_slice);
        let digits: Option<Vec<u32>> = chords.iter().map(|chord| chord.digit()).collect();
        let digits = digits.filter(|all| all.len() > 2 && all.windows(2).all(|pair| pair[1] == pair[0] + 1));
        if let Some([first, .., last]) = digits.as_deref() {
            return format!("{first}-{last}");
        }
        chords.iter().take(max_keys).map(Chord::to_string).collect::<Vec<_>>().join(" ")
    }
}

impl Binding {
    /// Whether it is active while a panel of kind `on` has the focus.
    pub fn is_active(&self, on: Option<Kind>) -> bool {
        self.on.is_empty() || on.is_some_and(|kind| self.on.contains(&kind))
    }
}

fn overlap(a: &Binding, b: &Binding) -> bool {
    a.on.is_empty() || b.on.is_empty() || a.on.iter().any(|kind| b.on.contains(kind))
}

/// Ctrl-C and Ctrl-D always leave, whatever `keys.toml` binds.
fn reserved(key: KeyEvent) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL) && matches!(key.code, KeyCode::Char('c' | 'd'))
}

fn chords(table: &mut Table, name: &str, place: &Range<usize>) -> Vec<Chord> {
    let texts = table.text_or_texts(name);
    let mut chords = Vec::new();
    for text in texts {
        match Chord::parse(&text) {
            Some(chord) if ["^c", "^d"].contains(&chord.to_string().as_str()) => {
                table.problem(
                    place.clone(),
                    format!("the key `{chord}` is reserved for leaving: it cannot be bound to `{name}`"),
                );
            }
            Some(chord) => chords.push(chord),
            None => {
                let message = format!(
                    "`{name}`: unknown key `{text}`; a key must be a letter or a name such as Up, Space, PageDown or \
                     F5, with an optional prefix Ctrl- or Alt-"
                );
                table.problem(place.clone(), message);
            }
        }
    }
    chords
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(keys: &Keys, key: char, on: Option<Kind>) -> Option<Action> {
        keys.action(KeyEvent::from(KeyCode::Char(key)), on)
    }

    #[test]
    fn no_key_has_two_meanings() {
        let mut problems = Vec::new();
        Keys::default().conflicts(&vec![Some(0..0); BINDINGS.len()], &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        let all = BINDINGS.iter().map(|binding| binding.keys.len()).sum::<usize>();
        assert_eq!(Keys::default().0.iter().map(Vec::len).sum::<usize>(), all, "every key is understood");
    }

    #[test]
    fn digits_panels_and_control_c_are_understood() {
        let keys = Keys::default();
        assert_eq!(press(&keys, '3', None), Some(Action::View(2)));
        assert_eq!(press(&keys, 'v', Some(Kind::Events)), Some(Action::Severity));
        assert_eq!(press(&keys, 'v', Some(Kind::Runs)), None);
        assert_eq!(press(&keys, 't', None), Some(Action::Command("tag ".to_string())));
        let control = |c| keys.action(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL), None);
        assert_eq!((control('c'), control('x')), (Some(Action::Leave), None));
        assert_eq!(keys.text(3, 1), "1-9");
    }

    #[test]
    fn a_file_replaces_keys() {
        let keys = Keys::parse(
            "keys.toml",
            "x = [\"Ctrl-x\", \"X\"]\nview = [\"F1\", \"F2\"]\nlog = []\nstop = \"x\"",
        )
        .expect("it is sound");
        assert_eq!(press(&keys, 'x', None), Some(Action::Stop));
        assert_eq!(press(&keys, 'l', None), None);
        assert_eq!(keys.action(KeyEvent::from(KeyCode::F(2)), None), Some(Action::View(1)));
        assert_eq!(keys.text(3, 9), "F1 F2");
        for (file, text) in [
            (r#"view = ["1", "2", "3"]"#, "1-3"),
            (r#"view = ["1", "5", "9"]"#, "1 5 9"),
            (r#"view = ["1", "2", "3", "F4"]"#, "1 2 3 F4"),
        ] {
            assert_eq!(Keys::parse("keys.toml", file).expect("it is sound").text(3, 9), text);
        }
    }
}
