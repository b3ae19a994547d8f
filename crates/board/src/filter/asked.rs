//! The data that a filter needs besides the run rows.

use clip_lab_store::Asked;

use super::{
    expr::{Expr, Field},
    subject::FIELDS,
};

/// The data that `expr` needs besides the rows.
pub fn asked(expr: &Expr) -> Asked {
    let mut asked = Asked::default();
    add(expr, &mut asked);
    asked
}

fn add(expr: &Expr, asked: &mut Asked) {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| add(part, asked)),
        Expr::Not(part) => add(part, asked),
        Expr::Word(_) => asked.labels = true,
        Expr::Has(name) => {
            name_of(name, asked);
            if !is_field(name) {
                asked.below.push(name.clone());
            }
        }
        Expr::Field { field, .. } => self::field(field, asked),
    }
}

/// Adds the data that the name of a comparison or column needs.
pub fn field(field: &Field, asked: &mut Asked) {
    name_of(&field.name, asked);
}

fn name_of(name: &str, asked: &mut Asked) {
    match name {
        "tag" | "tags" | "note" | "notes" => asked.labels = true,
        _ if is_field(name) => {}
        _ => asked.names.push(name.to_owned()),
    }
}

/// Whether it is a field of the row, tags or notes.
fn is_field(name: &str) -> bool {
    FIELDS.contains(&name) || ["tags", "notes"].contains(&name)
}
