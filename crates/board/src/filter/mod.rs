//! Which runs are meant: a small language over names, settings, tags, status and metrics. Pure.
//!
//! ```text
//! vit -tag:superseded                      words of names, uids, studies, arms, tags, notes; `-` is NOT
//! study:tricks (arm:ema | arm:baseline)    fields: `:` contains, `*` stands for anything
//! optimizer.lr<=1e-4 seed=1                settings by key or by the end of one
//! test/zero_shot/top1>=30% best(hit@1)>0.2 metrics, the last value unless said otherwise
//! status:live has:note                     how a run stands, and what it has
//! ```

mod asked;
mod check;
mod expr;
mod lex;
mod name;
mod parse;
mod subject;

pub use name::{Cell, Name};
pub use subject::Subject;

use clip_lab_problem::{Problem, render};
use clip_lab_store::Asked;
use expr::Expr;

/// The language in a line, for helps and hints.
pub const HINT: &str = "words, field:part, lr<1e-4, hit@1>0.2, status:running, tag:x, has:note; AND by space, \
                        OR or |, NOT or -, parentheses, \"quotes\"";

/// A filter that was understood.
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
    /// Reads a filter; an empty one means every run.
    ///
    /// # Errors
    /// What is wrong, with its place in `text`.
    pub fn parse(text: &str) -> Result<Filter, Problem> {
        Ok(Filter { text: text.to_string(), expr: parse::expr(text)? })
    }

    /// As [`Filter::parse`], with the problem as text to print: where, what, what to do. `name` says whose text it is.
    ///
    /// # Errors
    /// What is wrong, with a caret under its place.
    pub fn read(name: &str, text: &str) -> Result<Filter, String> {
        Filter::parse(text).map_err(|problem| render(name, text, &[problem], false))
    }

    /// What it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it means every run.
    pub fn is_empty(&self) -> bool {
        self.expr == Expr::And(Vec::new())
    }

    /// Whether the run is meant. A comparison with what a run lacks does not hold; `a!=b` is `NOT a=b` and does.
    pub fn matches(&self, run: &Subject) -> bool {
        self.expr.holds(run)
    }

    /// Whether every name in it means something in at least one of `runs`, if there are any.
    ///
    /// # Errors
    /// The first name that none of them has, or that means several things in all that have it.
    pub fn check<'a>(&self, runs: impl Iterator<Item = Subject<'a>> + Clone) -> Result<(), Problem> {
        let known = || check::known(runs.clone());
        check::names(&self.expr, runs.clone(), &known)
    }

    /// The same where `runs` hold no more than [`Filter::asks`] names: `known` are all names, to suggest from.
    ///
    /// # Errors
    /// Those of [`Filter::check`].
    pub fn check_among<'a>(
        &self,
        runs: impl Iterator<Item = Subject<'a>> + Clone,
        known: &dyn Fn() -> Vec<String>,
    ) -> Result<(), Problem> {
        check::names(&self.expr, runs, known)
    }

    /// What must be read of runs, besides their rows, before the filter can be held against them.
    pub fn asks(&self) -> Asked {
        asked::asked(&self.expr)
    }
}
