//! Renders problems as text with annotate-snippets.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use clip_lab_escape::{line, lines, trusted};

use crate::{Place, Problem};

/// The most problems rendered per file.
const MAX_PROBLEMS: usize = 100;

/// Renders the problems of one file in file order, for a terminal (`colour`) or a log: the first 100, and the number of
/// others.
///
/// `file` is the displayed name, `text` the parsed text. Escapes hidden characters; print coloured output through
/// [`clip_lab_escape::terminal`].
pub fn render(file: &str, text: &str, problems: &[Problem], colour: bool) -> String {
    let mut sorted: Vec<Problem> = problems.iter().map(escaped).collect();
    sorted.sort_by_key(|problem| problem.place.as_ref().map_or(0, |place| place.start));
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let file = line(file);
    let groups =
        sorted.iter().take(MAX_PROBLEMS).map(|problem| renderer.render(&[group(&file, text, problem)]));
    let more = sorted.len().saturating_sub(MAX_PROBLEMS);
    let more = (more > 0).then(|| format!("and {more} more problems"));
    let all = groups.chain(more).collect::<Vec<_>>().join("\n\n");
    if colour { trusted(&all) } else { lines(&all).into_owned() }
}

/// Escapes the messages, which may quote the file. The renderer itself escapes source lines.
fn escaped(problem: &Problem) -> Problem {
    let one = |text: &String| line(text).into_owned();
    let several = |text: &String| lines(text).into_owned();
    Problem {
        message: one(&problem.message),
        place: problem.place.clone(),
        label: one(&problem.label),
        also: problem.also.iter().map(|(place, label)| (place.clone(), one(label))).collect(),
        note: problem.note.as_ref().map(several),
        help: problem.help.as_ref().map(several),
    }
}

fn group<'a>(file: &'a str, text: &'a str, problem: &'a Problem) -> Group<'a> {
    let title = Level::ERROR.primary_title(problem.message.as_str());
    let mut group = Group::with_title(title);
    group = match &problem.place {
        Some(place) => group.element(snippet(file, text, problem, place)),
        None => group.element(Origin::path(file)),
    };
    if let Some(note) = &problem.note {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    match &problem.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

fn snippet<'a>(
    file: &'a str,
    text: &'a str,
    problem: &'a Problem,
    place: &Place,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let caret = AnnotationKind::Primary.span(within(text, place));
    let caret = if problem.label.is_empty() { caret } else { caret.label(problem.label.as_str()) };
    let others = problem
        .also
        .iter()
        .map(|(place, label)| AnnotationKind::Context.span(within(text, place)).label(label.as_str()));
    Snippet::source(text).path(file).fold(true).annotation(caret).annotations(others)
}

/// Clamps a span to the text and to its first line; an empty file still gets its caret.
fn within(text: &str, place: &Place) -> Place {
    let end = place.end.min(text.len());
    let start = place.start.min(end);
    // The span of a table may cover many lines; the first is enough.
    let line_end = text[start..end].find('\n').map_or(end, |newline| start + newline);
    start..line_end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_key() {
        let text = "[loss]\nplugin = \"siglp\"\n";
        let problem =
            Problem::unknown(16..23, "no loss plugin is called `siglp`", "siglp", &["clip", "siglip"]);
        let shown = render("lit.toml", text, &[problem], false);
        assert!(shown.contains("lit.toml:2:10"), "{shown}");
        assert!(shown.contains("^^^^^^^ did you mean `siglip`?"), "{shown}");
        assert!(shown.contains("known: clip, siglip"), "{shown}");
    }

    #[test]
    fn nothing_of_the_file_is_executed_by_a_terminal() {
        let bad = "\u{1b}]0;t\u{7}\u{9b}2J\u{202e}\r\u{200b}";
        let (file, text) = (format!("{bad}.toml"), format!("a = '{bad}' # {bad}\n"));
        let problem = Problem::at(0..1, bad).label(bad).note(bad).help(bad).also(4..5, bad);
        for colour in [false, true] {
            let shown = render(&file, &text, std::slice::from_ref(&problem), colour);
            let shown = clip_lab_escape::terminal(&shown);
            let left = shown.replace("\u{1b}[", "").replace('\n', "");
            assert!(!left.chars().any(clip_lab_escape::is_hidden), "{left:?}");
            assert_eq!(shown.contains("\u{1b}["), colour);
        }
    }

    #[test]
    fn only_the_first_problems_are_shown() {
        let problems: Vec<Problem> =
            (0..100_000).map(|at| Problem::at(at..at + 1, format!("fault {at}"))).collect();
        let shown = render("a.toml", &"x\n".repeat(100_000), &problems, false);
        assert!(shown.contains("fault 99\n") && !shown.contains("fault 100\n"), "{shown}");
        assert!(shown.ends_with("and 99900 more problems"), "{shown}");
    }

    #[test]
    fn a_place_past_the_end_does_not_panic() {
        render("a.toml", "", &[Problem::at(5..9, "late")], false);
        render("a.toml", "a = 1", &[Problem::new("whole file")], true);
    }
}
