//! Problems as text: annotate-snippets draws the carets.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::{Place, Problem};

/// Every problem of one file, in the order of the file, as text for a terminal (`colour`) or a log.
///
/// `file` is the name shown, `text` what was parsed.
pub fn render(file: &str, text: &str, problems: &[Problem], colour: bool) -> String {
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    sorted.sort_by_key(|problem| problem.place.as_ref().map_or(0, |place| place.start));
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let groups = sorted.iter().map(|problem| renderer.render(&[group(file, text, problem)]));
    groups.collect::<Vec<_>>().join("\n\n")
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
        .map(|(place, words)| AnnotationKind::Context.span(within(text, place)).label(words.as_str()));
    Snippet::source(text).path(file).fold(true).annotation(caret).annotations(others)
}

/// Keeps a range inside the text and on one line at least: an empty file still gets its caret.
fn within(text: &str, place: &Place) -> Place {
    let end = place.end.min(text.len());
    let start = place.start.min(end);
    // A table header's place may run over many lines; the first says where.
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
    fn a_place_past_the_end_does_not_panic() {
        render("a.toml", "", &[Problem::at(5..9, "late")], false);
        render("a.toml", "a = 1", &[Problem::new("whole file")], true);
    }
}
