//! Parameters selected by prefixes of their names.

use std::collections::BTreeSet;

use clip_lab_plugin_api::{diagnostics::suggest, prelude::*};

/// Applies `change` to every parameter below any of `prefixes`; a prefix that matches none is an error.
pub(crate) fn each(
    params: &mut Params,
    prefixes: &[String],
    mut change: impl FnMut(&mut Param),
) -> Result<()> {
    for prefix in prefixes {
        let mut found = false;
        for param in params.under(prefix) {
            change(param);
            found = true;
        }
        ensure!(found, unknown_prefix(prefix, params));
    }
    Ok(())
}

/// The error for a prefix that matches nothing.
fn unknown_prefix(prefix: &str, params: &Params) -> String {
    let known: BTreeSet<&str> = params.iter().flat_map(|param| prefixes(&param.name)).collect();
    let known: Vec<&str> = known.into_iter().collect();
    let hint = match suggest(prefix, &known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => {
            let first: Vec<&str> = known.into_iter().filter(|name| !name.contains('.')).collect();
            format!("names begin with {}", first.join(", "))
        }
    };
    format!("no parameter begins with `{prefix}`; {hint}")
}

/// `a`, `a.b` and `a.b.c` for `a.b.c`.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').map(|(dot, _)| &name[..dot]).chain([name])
}
