//! Serialises a [`Layout`] as TOML that parses to the same layout.

use std::fmt::Write as _;

use super::{Kind, Layout, Panel, Row, read::FORMS};
use crate::figure::{Form, GroupBy, x};

impl Layout {
    /// Serialises the layout; reused views are written out.
    pub fn to_toml(&self) -> String {
        let mut text = format!("title = {}\n", quoted(&self.title));
        for view in &self.views {
            _ = write!(text, "\n[[view]]\ntitle = {}\n", quoted(&view.title));
            view.rows.iter().for_each(|shown| row(shown, &mut text));
        }
        text
    }
}

fn row(row: &Row, text: &mut String) {
    text.push_str("\n[[view.row]]\n");
    if row.height != 1 {
        _ = writeln!(text, "height = {}", row.height);
    }
    row.panels.iter().for_each(|shown| panel(shown, text));
}

fn panel(panel: &Panel, text: &mut String) {
    let kind = Kind::ALL.iter().find(|(kind, _)| *kind == panel.kind).map_or("", |(_, name)| name);
    _ = write!(text, "\n[[view.row.panel]]\nkind = \"{kind}\"\ntitle = {}\n", quoted(&panel.title));
    if panel.width != 1 {
        _ = writeln!(text, "width = {}", panel.width);
    }
    if panel.kind == Kind::Line {
        line(panel, text);
    }
}

/// Writes the fields of a line panel; omits defaults.
fn line(panel: &Panel, text: &mut String) {
    let metrics: Vec<String> = panel.metrics.iter().map(|metric| quoted(metric)).collect();
    _ = writeln!(text, "metrics = [{}]", metrics.join(", "));
    if x::name(panel.x) != x::ALL[0].1 {
        _ = writeln!(text, "x = \"{}\"", x::name(panel.x));
    }
    let same = |form: &Form| std::mem::discriminant(form) == std::mem::discriminant(&panel.y);
    let form = FORMS.iter().find(|(form, _)| same(form)).map_or("linear", |(_, name)| name);
    if panel.y != Form::Linear {
        _ = writeln!(text, "y = \"{form}\"");
    }
    if panel.group != GroupBy::Run {
        _ = writeln!(text, "group = {}", quoted(panel.group.name()));
    }
    if panel.smooth > 0.0 {
        _ = writeln!(text, "smooth = {}", panel.smooth);
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_string()).to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{super::check, *};

    #[test]
    fn a_written_layout_reads_as_the_same_one() {
        for name in ["live", "lit", "towers", "tricks", "system"] {
            let layout = check(Path::new(name)).expect("it is built in");
            let text = layout.to_toml();
            assert_eq!(Layout::parse(name, &text).as_ref(), Ok(&layout), "{text}");
        }
        let mut odd = Layout::live();
        odd.title = "a \"title\"\n\\ 'x' \u{1b}".to_string();
        let panel = &mut odd.views[0].rows[1].panels[0];
        (panel.y, panel.smooth, panel.metrics) = (Form::Symlog(0.0), 2.5, vec!["val/*/hit@1".to_string()]);
        assert_eq!(Layout::parse("odd", &odd.to_toml()), Ok(odd));
    }
}
