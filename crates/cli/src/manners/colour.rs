//! Whether to print in colour.

use std::{
    env,
    ffi::{OsStr, OsString},
    sync::OnceLock,
};

use clap::ValueEnum;
use clip_lab_escape::styled;

/// When to print in colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set; elsewhere if CLICOLOR_FORCE is
    #[default]
    Auto,
    /// Also into files and pipes
    Always,
    /// Never
    Never,
}

/// What `--color` says. Set once, at the start.
static CHOSEN: OnceLock<ColorWhen> = OnceLock::new();

/// Whether what goes to a `terminal` (or to none) is to be coloured: `--color`, else NO_COLOR, CLICOLOR_FORCE and CLICOLOR
/// in this order, as clap reads them for help and usage.
pub fn coloured(terminal: bool) -> bool {
    match CHOSEN.get().copied().unwrap_or_default() {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => {
            by_environment(|name| env::var_os(name).filter(|value| !value.is_empty()), terminal)
        }
    }
}

/// `words` in an ANSI style such as `1;31`, if at all; for [`crate::print`] and [`crate::talk`] alone.
pub fn paint(words: &str, style: &str, colour: bool) -> String {
    if colour { styled(words, style) } else { words.to_owned() }
}

fn by_environment(set: impl Fn(&str) -> Option<OsString>, terminal: bool) -> bool {
    let is = |name: &str, text: &str| set(name).is_some_and(|value| value == text);
    match () {
        () if set("NO_COLOR").is_some() => false,
        () if set("CLICOLOR_FORCE").is_some() && !is("CLICOLOR_FORCE", "0") => true,
        () => terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb"),
    }
}

/// What `--color` says among `words`, before they are parsed: mistakes in them are told in colour or not as well.
pub(crate) fn given(words: &[OsString]) -> ColorWhen {
    let words: Vec<&str> =
        words.iter().filter_map(|word| OsStr::to_str(word)).take_while(|word| *word != "--").collect();
    let apart = words.windows(2).find(|pair| pair[0] == "--color").map(|pair| pair[1]);
    let joined = words.iter().find_map(|word| word.strip_prefix("--color="));
    apart.or(joined).and_then(|word| ColorWhen::from_str(word, false).ok()).unwrap_or_default()
}

/// Remembers what was chosen.
pub(crate) fn choose(when: ColorWhen) {
    let _ = CHOSEN.set(when);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_comes_before_force_and_force_before_what_is_there() {
        let with = |all: &'static [(&'static str, &'static str)], terminal| {
            by_environment(|name| Some(all.iter().find(|(key, _)| *key == name)?.1.into()), terminal)
        };
        assert!(with(&[], true) && !with(&[], false));
        assert!(!with(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true));
        assert!(with(&[("CLICOLOR_FORCE", "1")], false) && !with(&[("CLICOLOR_FORCE", "0")], false));
        assert!(!with(&[("CLICOLOR", "0")], true) && !with(&[("TERM", "dumb")], true));
    }

    #[test]
    fn the_flag_is_found_before_anything_is_parsed() {
        let given = |words: &[&str]| given(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(given(&["clip-lab", "--color", "never", "rnu"]), ColorWhen::Never);
        assert_eq!(given(&["clip-lab", "runs", "--color=always"]), ColorWhen::Always);
        assert_eq!(given(&["clip-lab", "--color", "maybe"]), ColorWhen::Auto);
        assert_eq!(given(&["clip-lab", "--", "--color=always"]), ColorWhen::Auto);
    }
}
