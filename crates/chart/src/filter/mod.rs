//! The run filter language over names, settings, tags, status and metrics. Pure.
//!
//! ```text
//! vit -tag:superseded                      text in names, uids, studies, arms, tags, notes; `-` is NOT
//! study:tricks (arm:ema | arm:baseline)    fields: `:` contains, `*` matches any characters
//! optimizer.lr<=1e-4 seed=1                settings by key or by a suffix of it
//! test/zero_shot/top1>=30% best(hit@1)>0.2 metrics, by default their last value
//! status:live has:note                     status, and existence of a field
//! ```

mod check;
mod condition;
mod expr;
mod lex;
mod name;
mod parse;
mod required;
mod subject;

pub use name::{Cell, Name};
pub use subject::Subject;

use clip_lab_diagnostics::{Problem, render};
use clip_lab_store::{RequiredData, RunCondition};
use expr::Expr;

/// One-line summary of the language, for help texts.
pub const HINT: &str = "words, field:part, lr<1e-4, hit@1>0.2, status:running, tag:x, has:note; AND by space, \
                        OR or |, NOT or -, parentheses, \"quotes\"";

/// A parsed filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    text: String,
    expr: Expr,
}

impl Default for Filter {
    fn default() -> Filter {
        Filter { text: String::new(), expr: Expr::And(Vec::new()) }
    }
}

impl Filter {
    /// Parses a filter; an empty one matches every run.
    ///
    /// # Errors
    /// The first problem, with its span in `text`.
    pub fn parse(text: &str) -> Result<Filter, Problem> {
        Ok(Filter { text: text.to_string(), expr: parse::expr(text)? })
    }

    /// As [`Filter::parse`], with the problem rendered. `name` is the source of the text in messages.
    ///
    /// # Errors
    /// The first problem, rendered with a caret.
    pub fn read(name: &str, text: &str) -> Result<Filter, String> {
        Filter::parse(text).map_err(|problem| render(name, text, &[problem], false))
    }

    /// The source text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it matches every run.
    pub fn is_empty(&self) -> bool {
        self.expr == Expr::And(Vec::new())
    }

    /// Whether the run matches. A comparison with a missing value is false; `a!=b` is `NOT a=b`, so true.
    pub fn matches(&self, run: &Subject) -> bool {
        self.expr.matches(run)
    }

    /// Checks that every name in it resolves in at least one of `runs`, if there are any.
    ///
    /// # Errors
    /// The first name that no run has, or that is ambiguous in all runs that have it.
    pub fn check<'a>(&self, runs: impl Iterator<Item = Subject<'a>> + Clone) -> Result<(), Problem> {
        let known = || check::known(runs.clone());
        check::names(&self.expr, runs.clone(), &known)
    }

    /// As [`Filter::check`], for `runs` loaded with only [`Filter::required_data`]; `known` returns all names, for
    /// suggestions.
    pub fn check_among<'a>(
        &self,
        runs: impl Iterator<Item = Subject<'a>> + Clone,
        known: &dyn Fn() -> Vec<String>,
    ) -> Result<(), Problem> {
        check::names(&self.expr, runs, known)
    }

    /// A condition that every matching run meets, for [`clip_lab_store::Reader::candidates`].
    pub fn condition(&self) -> RunCondition {
        condition::condition(&self.expr)
    }

    /// The data of runs that the filter needs besides their rows.
    pub fn required_data(&self) -> RequiredData {
        required::required(&self.expr)
    }
}
