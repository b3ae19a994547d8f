//! A name as filters have it, looked up in run after run: the columns of a table.

use clip_lab_problem::{Problem, render};
use clip_lab_store::Asked;

use super::{
    asked, check,
    expr::{Expr, Field, Value},
    lex::Op,
    parse,
    subject::{Found, Subject},
};

/// A field, a setting or a metric, such as `study`, `optimizer.lr` or `best(hit@1)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Name(Field);

/// What a run has under a name.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words.
    Words(String),
    /// A number.
    Number(f64),
}

impl Name {
    /// Reads a name; `whose` says whose text it is.
    ///
    /// # Errors
    /// What is wrong, with a caret under its place.
    pub fn read(whose: &str, text: &str) -> Result<Name, String> {
        let field = parse::field(text, 0..text.len());
        field.map(Name).map_err(|problem| render(whose, text, &[problem], false))
    }

    /// What must be read of runs before it can be looked up.
    pub fn asks(&self, asked: &mut Asked) {
        asked::field(&self.0, asked);
    }

    /// What `run` has under the name; none where it has nothing, or several things end in it.
    pub fn of(&self, run: &Subject) -> Option<Cell> {
        match run.find(&self.0.name, self.0.pick) {
            Found::Words(words) => Some(words.join(", ")).filter(|words| !words.is_empty()).map(Cell::Words),
            Found::Number(number) => Some(Cell::Number(number)),
            Found::Nothing | Found::Several(_) => None,
        }
    }

    /// Whether it means something in at least one of `runs`, if there are any; `known` are all names, to suggest from.
    ///
    /// # Errors
    /// That it does not.
    pub fn check<'a>(
        &self,
        runs: impl Iterator<Item = Subject<'a>> + Clone,
        known: &dyn Fn() -> Vec<String>,
    ) -> Result<(), Problem> {
        let place = self.0.place.clone();
        let value = Value { text: String::new(), number: None };
        let expr = Expr::Field { field: self.0.clone(), op: Op::Like, value, place };
        check::names(&expr, runs, known)
    }
}
