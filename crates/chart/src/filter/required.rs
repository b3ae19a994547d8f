//! The data that a filter needs besides the run rows.

use clip_lab_store::RequiredData;

use super::{
    expr::{Expr, Field},
    subject::FIELDS,
};

/// The data that `expr` needs besides the rows.
pub fn required(expr: &Expr) -> RequiredData {
    let mut required = RequiredData::default();
    add(expr, &mut required);
    required
}

fn add(expr: &Expr, required: &mut RequiredData) {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| add(part, required)),
        Expr::Not(part) => add(part, required),
        Expr::Word(_) => required.labels = true,
        Expr::Has(name) => {
            name_of(name, required);
            if !is_field(name) {
                required.below.push(name.clone());
            }
        }
        Expr::Field { field, .. } => self::field(field, required),
    }
}

/// Adds the data that the name of a comparison or column needs.
pub fn field(field: &Field, required: &mut RequiredData) {
    name_of(&field.name, required);
}

fn name_of(name: &str, required: &mut RequiredData) {
    match name {
        "tag" | "tags" | "note" | "notes" => required.labels = true,
        _ if is_field(name) => {}
        _ => required.names.push(name.to_owned()),
    }
}

/// Whether it is a field of the row, tags or notes.
fn is_field(name: &str) -> bool {
    FIELDS.contains(&name) || ["tags", "notes"].contains(&name)
}
