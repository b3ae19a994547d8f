//! Parameters named by the beginnings of their names.

use std::collections::BTreeSet;

use clip_lab_api::{prelude::*, problem::nearest};

/// Changes every parameter below any of `prefixes`; none of these may be empty-handed.
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
        ensure!(found, stranger(prefix, params));
    }
    Ok(())
}

/// Words for a prefix below which nothing lies.
fn stranger(prefix: &str, params: &Params) -> String {
    let known: BTreeSet<&str> = params.iter().flat_map(|param| prefixes(&param.name)).collect();
    let known: Vec<&str> = known.into_iter().collect();
    let hint = match nearest(prefix, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let first: Vec<&str> = known.into_iter().filter(|name| !name.contains('.')).collect();
            format!("names begin with {}", first.join(", "))
        }
    };
    format!("no parameter lies below `{prefix}`; {hint}")
}

/// `a`, `a.b` and `a.b.c` for `a.b.c`.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').map(|(dot, _)| &name[..dot]).chain([name])
}
