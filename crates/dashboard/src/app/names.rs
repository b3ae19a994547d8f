//! The names on the screen, for the arguments of commands.

use super::App;
use crate::keys::Names;

impl Names for App {
    fn layout_title(&self) -> String {
        self.layout.title.clone()
    }

    fn view_titles(&self) -> Vec<String> {
        self.layout.views.iter().map(|view| view.title.to_lowercase()).collect()
    }

    fn metric_names(&self) -> Vec<String> {
        self.metrics("").into_iter().map(|metric| metric.name).collect()
    }

    fn column_names(&self) -> Vec<String> {
        self.table.column_names()
    }

    fn tags(&self) -> Vec<String> {
        sorted(self.snapshot.runs.iter().flat_map(|run| &run.details.tags))
    }

    fn selected_tags(&self) -> Vec<String> {
        sorted(self.selected().into_iter().flat_map(|run| &run.details.tags))
    }
}

/// Each name once.
fn sorted<'a>(all: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut all: Vec<String> = all.cloned().collect();
    all.sort();
    all.dedup();
    all
}
