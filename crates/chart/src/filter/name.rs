//! Names in the filter syntax, as table columns.

use clip_lab_diagnostics::{Problem, render};
use clip_lab_store::RequiredData;

use super::{
    check,
    expr::{Expr, Field, Value},
    lex::Op,
    parse, required,
    subject::{Found, Subject},
};

/// A field, a setting or a metric, such as `study`, `optimizer.lr` or `best(hit@1)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Name(Field);

/// The value of a name in a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// A number.
    Number(f64),
}

impl Name {
    /// Parses a name; `source` names the origin of the text in messages.
    ///
    /// # Errors
    /// If the name is malformed, rendered with a caret.
    pub fn read(source: &str, text: &str) -> Result<Name, String> {
        let field = parse::field(text, 0..text.len());
        field.map(Name).map_err(|problem| render(source, text, &[problem], false))
    }

    /// Adds the data of runs that the lookup needs.
    pub fn add_required(&self, required: &mut RequiredData) {
        required::field(&self.0, required);
    }

    /// The value in `run`; none if it is missing or ambiguous.
    pub fn of(&self, run: &Subject) -> Option<Cell> {
        match run.find(&self.0.name, self.0.statistic) {
            Found::Texts(texts) => Some(texts.join(", ")).filter(|text| !text.is_empty()).map(Cell::Text),
            Found::Number(number) => Some(Cell::Number(number)),
            Found::Missing | Found::Ambiguous(_) => None,
        }
    }

    /// Checks that it resolves in at least one of `runs`, if there are any; `known` returns all names, for suggestions.
    ///
    /// # Errors
    /// If it does not.
    pub fn check<'a>(
        &self,
        runs: impl Iterator<Item = Subject<'a>> + Clone,
        known: &dyn Fn() -> Vec<String>,
    ) -> Result<(), Problem> {
        let place = self.0.place.clone();
        let value = Value { text: String::new(), number: None };
        let expr = Expr::Field { field: self.0.clone(), op: Op::Contains, value, place };
        check::names(&expr, runs, known)
    }
}
