//! Parses and completes the command line: the name of a binding and its argument.

use clip_lab_diagnostics::suggest;

use super::{Action, BINDINGS, Binding, Handler, Names};

/// The completions of `text`, as whole lines.
pub fn completions(names: &dyn Names, text: &str) -> Vec<String> {
    let Some((name, rest)) = text.split_once(' ') else {
        let matching = BINDINGS.iter().filter(|binding| binding.name.starts_with(text));
        let line = |b: &Binding| format!("{}{}", b.name, if b.argument().is_some() { " " } else { "" });
        return matching.map(line).collect();
    };
    let argument = BINDINGS.iter().find(|binding| binding.name == name).and_then(Binding::argument);
    let candidates = argument.map(|argument| (argument.completions)(names)).unwrap_or_default();
    let matching = candidates.into_iter().filter(|value| value.starts_with(rest.trim_start()));
    matching.map(|value| format!("{name} {value}")).collect()
}

/// The action of the command `text`; `None` if it is empty.
///
/// # Errors
/// If the command is unknown or its argument is invalid, as text to show.
pub fn parse(names: &dyn Names, text: &str) -> Result<Option<Action>, String> {
    let (name, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    if name.is_empty() {
        return Ok(None);
    }
    let binding = binding(name)?;
    let action = match (&binding.handler, rest.trim()) {
        (Handler::Action(action) | Handler::Either(action, _), "") => Ok(action.clone()),
        (Handler::Action(_), _) => Err(format!("`{}` takes no argument", binding.name)),
        (Handler::Argument(argument), "") => {
            Err(format!("`{0}` needs an argument: `{0} {1}`", binding.name, argument.hint))
        }
        (Handler::Argument(argument) | Handler::Either(_, argument), rest) => (argument.parse)(names, rest),
    };
    action.map(Some)
}

/// The binding `name`, or the only one with that prefix.
fn binding(name: &str) -> Result<&'static Binding, String> {
    let candidates: Vec<&Binding> =
        BINDINGS.iter().filter(|binding| binding.name.starts_with(name)).collect();
    match (candidates.iter().find(|binding| binding.name == name), candidates.as_slice()) {
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
