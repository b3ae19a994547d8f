//! Maps our tensor names to those of another tool, by a table.
//!
//! A row is (ours, theirs). In ours, `*` matches a number, and the row covers every name below it: the rest
//! (`.weight`) is appended. In theirs, `*` is the next of those numbers, `+` and `-` that number plus and minus one,
//! and `{a,b}` several tensors to concatenate; a name that ends in `^T` is a transposed matrix. An empty table keeps
//! every name.

/// One row: our name and theirs.
pub(crate) type Row = (&'static str, &'static str);

/// The tensors of the other tool that one of ours is made from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Theirs {
    /// Names of the tensors, to be concatenated.
    pub names: Vec<String>,
    /// Whether the matrix is transposed.
    pub transposed: bool,
}

/// The other tool's names for `ours`.
pub(crate) fn theirs(table: &[Row], ours: &str) -> Option<Theirs> {
    if table.is_empty() {
        return Some(Theirs { names: vec![ours.to_owned()], transposed: false });
    }
    table.iter().find_map(|(pattern, name)| {
        let (numbers, rest) = captures(pattern, ours)?;
        let (name, transposed) = name.strip_suffix("^T").map_or((*name, false), |name| (name, true));
        let names = alternatives(name).into_iter().map(|name| filled(&name, &numbers) + rest);
        Some(Theirs { names: names.collect(), transposed })
    })
}

/// Whether the table has a row for their tensor `name`.
pub(crate) fn covers(table: &[Row], name: &str) -> bool {
    let rows = table.iter().flat_map(|(_, theirs)| alternatives(theirs.trim_end_matches("^T")));
    table.is_empty() || rows.map(|row| row.replace(['+', '-'], "*")).any(|row| captures(&row, name).is_some())
}

/// The numbers that the stars of `pattern` match, and the rest of the name, which must be empty or begin with a dot.
fn captures<'a>(pattern: &str, name: &'a str) -> Option<(Vec<u32>, &'a str)> {
    let mut numbers = Vec::new();
    let mut rest = name;
    let mut pieces = pattern.split('*');
    rest = rest.strip_prefix(pieces.next()?)?;
    for piece in pieces {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        numbers.push(rest[..digits].parse().ok()?);
        rest = rest[digits..].strip_prefix(piece)?;
    }
    (rest.is_empty() || rest.starts_with('.')).then_some((numbers, rest))
}

/// Expands `a.{b,c}` to `a.b` and `a.c`.
fn alternatives(name: &str) -> Vec<String> {
    let Some((before, after)) = name.split_once('{') else { return vec![name.to_owned()] };
    let Some((choices, after)) = after.split_once('}') else { return vec![name.to_owned()] };
    choices.split(',').map(|choice| format!("{before}{choice}{after}")).collect()
}

fn filled(name: &str, numbers: &[u32]) -> String {
    let mut numbers = numbers.iter();
    let mut next =
        |plus: i64| numbers.next().map_or_else(String::new, |number| (i64::from(*number) + plus).to_string());
    name.chars().fold(String::new(), |mut all, c| {
        match c {
            '*' => all += &next(0),
            '+' => all += &next(1),
            '-' => all += &next(-1),
            other => all.push(other),
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Row] = &[
        ("blocks.*.attn.qkv", "layer.*.attention.{query,key,value}"),
        ("stages.*.*.bn*", "layer+.*.bn.-"),
        ("weight", "visual.proj^T"),
    ];

    fn names(ours: &str) -> Option<Vec<String>> {
        theirs(TABLE, ours).map(|theirs| theirs.names)
    }

    #[test]
    fn numbers_and_the_rest_are_copied() {
        let qkv = names("blocks.11.attn.qkv.bias").unwrap();
        let expected = ["query", "key", "value"].map(|part| format!("layer.11.attention.{part}.bias"));
        assert_eq!(qkv, expected);
        assert_eq!(names("stages.0.2.bn3.running_var").unwrap(), ["layer1.2.bn.2.running_var"]);
        assert_eq!(names("blocks.1.attn.qkvs"), None);
    }

    #[test]
    fn a_transposed_matrix_is_marked() {
        let expected = Theirs { names: vec!["visual.proj".into()], transposed: true };
        assert_eq!(theirs(TABLE, "weight"), Some(expected));
    }

    #[test]
    fn a_table_covers_exactly_the_names_it_can_produce() {
        assert!(covers(TABLE, "layer.3.attention.key.weight"));
        assert!(covers(TABLE, "layer4.0.bn.1.weight"));
        assert!(covers(TABLE, "visual.proj"));
        assert!(!covers(TABLE, "layer.x.attention.key.weight"));
        assert!(!covers(TABLE, "visual.projection"));
    }
}
