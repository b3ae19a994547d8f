//! What was imported, as a table or JSON.

use clip_lab_chart::{table::table, text::Column};
use clip_lab_cli::{ImportArgs, json_document};
use clip_lab_import::ImportedRun;
use serde_json::{Map, Value, json};

use super::plan::Plan;
use crate::width;

/// The result of one run.
pub struct Answer {
    name: String,
    uid: String,
    kind: &'static str,
    /// Points that were added, and all of the files.
    new_points: u64,
    points: usize,
    metrics: usize,
    existed: bool,
    status: &'static str,
    left_out: String,
    counts: Map<String, Value>,
    warnings: Vec<String>,
}

impl Answer {
    /// The result of a run.
    pub fn new(run: &ImportedRun, plan: &Plan) -> Answer {
        Answer {
            name: run.name.clone(),
            uid: plan.uid.clone(),
            kind: run.kind.as_str(),
            new_points: plan.new_points,
            points: run.points.len(),
            metrics: run.points.metrics().len(),
            existed: plan.existing.is_some(),
            status: plan.status.as_str(),
            left_out: run.left_out.to_string(),
            counts: run.left_out.counts().map(|(what, count)| (what.to_owned(), count.into())).collect(),
            warnings: run.warnings.clone(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name, "uid": self.uid, "kind": self.kind, "status": self.status, "existed": self.existed,
            "new_points": self.new_points, "points": self.points, "metrics": self.metrics, "left_out": self.counts,
            "warnings": self.warnings,
        })
    }

    fn row(&self) -> Vec<String> {
        let points = match (self.existed, self.new_points) {
            (true, 0) => "0 new".to_owned(),
            (true, new) => format!("{new} new"),
            (false, all) => all.to_string(),
        };
        let metrics = self.metrics.to_string();
        vec![self.name.clone(), self.uid.clone(), self.kind.into(), points, metrics, self.left_out.clone()]
    }
}

/// The output of the command.
pub fn output(answers: &[Answer], args: &ImportArgs) -> String {
    if args.json {
        let runs: Vec<Value> = answers.iter().map(Answer::json).collect();
        return json_document(json!({ "dry_run": args.dry_run, "runs": runs }));
    }
    let columns = [
        Column::text("RUN", 0, 12),
        Column::text("UID", 3, 26),
        Column::text("KIND", 2, 11),
        Column::number("POINTS", 0),
        Column::number("METRICS", 0),
        Column::text("LEFT OUT", 1, 20),
    ];
    let rows: Vec<Vec<String>> = answers.iter().map(Answer::row).collect();
    let note = if args.dry_run { "nothing was written (--dry-run)\n" } else { "" };
    table(&columns, &rows, width()) + note
}
