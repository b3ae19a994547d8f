//! The command line: `:`, a command name and its argument, with Tab completion.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{App, Message, Mode, Next};
use crate::keys::{Argument, BINDINGS, Binding, Does};
use clip_lab_diagnostics::suggest;

/// The open command line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CommandLine {
    /// The text so far.
    pub text: String,
    /// The completions that Tab cycles through, and the current one; empty until Tab is pressed.
    completions: Vec<String>,
    at: usize,
}

impl CommandLine {
    /// A line with this text.
    pub fn new(text: String) -> CommandLine {
        CommandLine { text, ..CommandLine::default() }
    }

    fn cycle(&mut self, app: &App, back: bool) {
        if self.completions.is_empty() {
            self.completions = completions(app, &self.text);
            self.at = if back { self.completions.len().saturating_sub(1) } else { 0 };
        } else {
            let count = self.completions.len();
            self.at = (self.at + if back { count - 1 } else { 1 }) % count;
        }
        if let Some(text) = self.completions.get(self.at) {
            self.text.clone_from(text);
        }
        if self.completions.len() == 1 {
            self.completions.clear();
        }
    }

    fn edit(&mut self, key: KeyEvent) {
        self.completions.clear();
        match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Backspace, _) => _ = self.text.pop(),
            (KeyCode::Char('u'), true) => self.text.clear(),
            (KeyCode::Char('w'), true) => {
                let end = self.text.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.text.truncate(end);
            }
            (KeyCode::Char(c), false) if !c.is_control() => self.text.push(c),
            _ => {}
        }
    }
}

/// The completions of `text`, as whole lines.
pub fn completions(app: &App, text: &str) -> Vec<String> {
    let Some((name, rest)) = text.split_once(' ') else {
        let fitting = BINDINGS.iter().filter(|binding| binding.name.starts_with(text));
        let line = |b: &Binding| format!("{}{}", b.name, if argument(b).is_some() { " " } else { "" });
        return fitting.map(line).collect();
    };
    let binding = BINDINGS.iter().find(|binding| binding.name == name);
    let candidates =
        binding.and_then(argument).map(|argument| (argument.completions)(app)).unwrap_or_default();
    let fitting = candidates.into_iter().filter(|word| word.starts_with(rest.trim_start()));
    fitting.map(|word| format!("{name} {word}")).collect()
}

/// The argument of a command, if it takes one.
pub fn argument(binding: &Binding) -> Option<&Argument> {
    match &binding.does {
        Does::Action(_) => None,
        Does::Argument(argument) | Does::Either(_, argument) => Some(argument),
    }
}

impl App {
    /// Handles `key` while the command line is open.
    pub(super) fn write(&mut self, mut line: CommandLine, key: KeyEvent) -> Next {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => return self.run(&line.text),
            KeyCode::Esc => return Next::Stay,
            KeyCode::Char('c' | 'd') if control => return Next::Stay,
            KeyCode::Backspace if line.text.is_empty() => return Next::Stay,
            KeyCode::Tab => line.cycle(self, false),
            KeyCode::BackTab => line.cycle(self, true),
            _ => line.edit(key),
        }
        self.mode = Mode::Command(line);
        Next::Stay
    }

    /// Runs a command; an invalid one sets an error message.
    pub fn run(&mut self, text: &str) -> Next {
        let (name, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        if name.is_empty() {
            return Next::Stay;
        }
        let read = binding(name).and_then(|binding| match (&binding.does, rest.trim()) {
            (Does::Action(action) | Does::Either(action, _), "") => Ok(action.clone()),
            (Does::Action(_), _) => Err(format!("`{}` takes no argument", binding.name)),
            (Does::Argument(argument), "") => {
                Err(format!("`{0}` needs an argument: `{0} {1}`", binding.name, argument.hint))
            }
            (Does::Argument(argument) | Does::Either(_, argument), rest) => (argument.parse)(self, rest),
        });
        match read {
            Ok(action) => self.act(action),
            Err(text) => {
                self.message = Some(Message { text, ok: false });
                Next::Stay
            }
        }
    }
}

/// The binding `name`, or the only one with that prefix.
fn binding(name: &str) -> Result<&'static Binding, String> {
    let begins: Vec<&Binding> = BINDINGS.iter().filter(|binding| binding.name.starts_with(name)).collect();
    match (begins.iter().find(|binding| binding.name == name), begins.as_slice()) {
        (Some(binding), _) | (None, [binding]) => Ok(*binding),
        (None, []) => {
            let names: Vec<&str> = BINDINGS.iter().map(|binding| binding.name).collect();
            let hint = suggest(name, &names)
                .map_or("press Tab to list all".to_string(), |name| format!("did you mean `{name}`?"));
            Err(format!("unknown command `{name}`; {hint}"))
        }
        (None, many) => {
            let names: Vec<&str> = many.iter().map(|binding| binding.name).collect();
            Err(format!("`{name}` is ambiguous: {}", names.join(" or ")))
        }
    }
}
