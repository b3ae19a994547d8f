//! Whether to use colour.

use std::{
    env,
    ffi::{OsStr, OsString},
    sync::OnceLock,
};

use clap::ValueEnum;
use clip_lab_escape::styled;

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal unless NO_COLOR is set; elsewhere only if CLICOLOR_FORCE is set
    #[default]
    Auto,
    /// Always, even into files and pipes
    Always,
    /// Never
    Never,
}

/// The value of `--color`. Set once at start-up.
static COLOR: OnceLock<ColorWhen> = OnceLock::new();

/// Whether to colour output to a `terminal` (or to a file or pipe): `--color`, else NO_COLOR, CLICOLOR_FORCE and
/// CLICOLOR in this order, as clap reads them for help and usage.
pub fn coloured(terminal: bool) -> bool {
    match COLOR.get().copied().unwrap_or_default() {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => from_env(|name| env::var_os(name).filter(|value| !value.is_empty()), terminal),
    }
}

/// `text` in an ANSI style such as `1;31` if `colour`. For [`crate::print`] and [`crate::eprint`] only.
pub fn paint(text: &str, style: &str, colour: bool) -> String {
    if colour { styled(text, style) } else { text.to_owned() }
}

fn from_env(set: impl Fn(&str) -> Option<OsString>, terminal: bool) -> bool {
    let is = |name: &str, text: &str| set(name).is_some_and(|value| value == text);
    match () {
        () if set("NO_COLOR").is_some() => false,
        () if set("CLICOLOR_FORCE").is_some() && !is("CLICOLOR_FORCE", "0") => true,
        () => terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb"),
    }
}

/// The value of `--color` in `args`, read before parsing because usage errors are coloured too.
pub(crate) fn color_of(args: &[OsString]) -> ColorWhen {
    let args: Vec<&str> =
        args.iter().filter_map(|arg| OsStr::to_str(arg)).take_while(|arg| *arg != "--").collect();
    let separate = args.windows(2).find(|pair| pair[0] == "--color").map(|pair| pair[1]);
    let joined = args.iter().find_map(|arg| arg.strip_prefix("--color="));
    separate.or(joined).and_then(|value| ColorWhen::from_str(value, false).ok()).unwrap_or_default()
}

/// Sets the mode of [`coloured`].
pub(crate) fn set_color(when: ColorWhen) {
    let _ = COLOR.set(when);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_overrides_force_and_force_overrides_detection() {
        let with = |all: &'static [(&'static str, &'static str)], terminal| {
            from_env(|name| Some(all.iter().find(|(key, _)| *key == name)?.1.into()), terminal)
        };
        assert!(with(&[], true) && !with(&[], false));
        assert!(!with(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true));
        assert!(with(&[("CLICOLOR_FORCE", "1")], false) && !with(&[("CLICOLOR_FORCE", "0")], false));
        assert!(!with(&[("CLICOLOR", "0")], true) && !with(&[("TERM", "dumb")], true));
    }

    #[test]
    fn the_flag_is_found_before_parsing() {
        let color_of = |args: &[&str]| color_of(&args.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(color_of(&["clip-lab", "--color", "never", "rnu"]), ColorWhen::Never);
        assert_eq!(color_of(&["clip-lab", "runs", "--color=always"]), ColorWhen::Always);
        assert_eq!(color_of(&["clip-lab", "--color", "maybe"]), ColorWhen::Auto);
        assert_eq!(color_of(&["clip-lab", "--", "--color=always"]), ColorWhen::Auto);
    }
}
