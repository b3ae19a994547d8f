//! Modal questions: leave while the run trains, stop a run.

use clip_lab_store::Request;

use super::{App, Next};
use crate::store_action::StoreAction;
use clip_lab_chart::text::clean;

/// A question with its answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The heading of its box.
    pub title: &'static str,
    /// The text.
    pub text: String,
    /// Key, effect and label of each answer; the last one cancels.
    pub answers: Vec<(char, Next, &'static str)>,
    /// The answer that Enter selects.
    pub marked: usize,
}

impl Question {
    /// Asks whether to leave while the run of this screen trains.
    pub fn leave() -> Question {
        Question {
            title: "Leave",
            text: "The run is still training.".to_string(),
            answers: vec![
                ('k', Next::Leave, "keep running in the background"),
                ('s', Next::Stop, "stop at the next checkpoint"),
                ('c', Next::Stay, "cancel"),
            ],
            marked: 0,
        }
    }

    /// Asks for confirmation to stop the selected run.
    pub fn stop(app: &App) -> Option<Question> {
        let run = app.selected()?;
        let action = StoreAction::Request { run: run.row.id, name: clean(&run.name), request: Request::Stop };
        Some(Question {
            title: "Stop",
            text: format!("Ask {} to stop? It saves a checkpoint first.", clean(&run.name)),
            answers: vec![('y', Next::Store(action), "stop it"), ('n', Next::Stay, "let it run")],
            marked: 1,
        })
    }

    /// Marks the answer `by` lines further down, in a circle.
    pub fn cycle(&mut self, by: usize) {
        self.marked = (self.marked + by) % self.answers.len();
    }
}
