//! The names that a command can take.

/// What is on the screen, by name: arguments of commands are completed from it and checked against it.
pub trait Names {
    /// The title of the layout.
    fn layout_title(&self) -> String;
    /// The titles of the views, in lower case.
    fn view_titles(&self) -> Vec<String>;
    /// The metrics of the runs.
    fn metric_names(&self) -> Vec<String>;
    /// The columns of the runs table.
    fn column_names(&self) -> Vec<String>;
    /// The tags of all runs.
    fn tags(&self) -> Vec<String>;
    /// The tags of the selected run.
    fn selected_tags(&self) -> Vec<String>;
}
