//! SLURM's lists of hosts: `node[01-03,7],gpu2`.

/// More hosts than any list has; larger ranges are errors.
const LIMIT: usize = 100_000;

/// The hosts of a list in its order. Numbers keep their leading zeros, and a name may have several brackets:
/// `rack[1-2]n[1-4]`.
///
/// # Errors
/// What is wrong with the list.
pub fn expand_hosts(list: &str) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for entry in entries(list)? {
        all.extend(expand(entry)?);
        if all.len() > LIMIT {
            return Err(format!("more than {LIMIT} hosts"));
        }
    }
    Ok(all)
}

/// Splits at the commas outside of brackets.
fn entries(list: &str) -> Result<Vec<&str>, String> {
    let (mut entries, mut start, mut inside) = (Vec::new(), 0, false);
    for (at, letter) in list.char_indices() {
        match letter {
            '[' if inside => return Err("a bracket within brackets".to_owned()),
            '[' => inside = true,
            ']' if !inside => return Err("`]` without `[`".to_owned()),
            ']' => inside = false,
            ',' if !inside => {
                entries.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err("`[` without `]`".to_owned());
    }
    entries.push(&list[start..]);
    if entries.iter().any(|entry| entry.trim().is_empty()) {
        return Err("a host without a name".to_owned());
    }
    Ok(entries.into_iter().map(str::trim).collect())
}

fn expand(entry: &str) -> Result<Vec<String>, String> {
    let Some((head, rest)) = entry.split_once('[') else { return Ok(vec![entry.to_owned()]) };
    let (ranges, tail) = rest.split_once(']').ok_or("`[` without `]`")?;
    let (numbers, tails) = (numbers(ranges)?, expand(tail)?);
    if numbers.len().saturating_mul(tails.len()) > LIMIT {
        return Err(format!("more than {LIMIT} hosts"));
    }
    let joined =
        numbers.iter().flat_map(|number| tails.iter().map(move |tail| format!("{head}{number}{tail}")));
    Ok(joined.collect())
}

/// `01-03,7` as `01`, `02`, `03`, `7`.
fn numbers(ranges: &str) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for range in ranges.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits
                .then(|| text.parse::<u64>().ok())
                .flatten()
                .ok_or(format!("`{range}` is not a range of numbers"))
        };
        let (from, to) = (number(first)?, number(last)?);
        if to < from {
            return Err(format!("the range `{range}` runs backwards"));
        }
        if to - from >= LIMIT as u64 {
            return Err(format!("more than {LIMIT} hosts"));
        }
        let width = first.len();
        all.extend((from..=to).map(|number| format!("{number:0width$}")));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_expanded_in_order() {
        let hosts = |list| expand_hosts(list).unwrap().join(" ");
        assert_eq!(hosts("localhost"), "localhost");
        assert_eq!(hosts("node[01-03,7],gpu2"), "node01 node02 node03 node7 gpu2");
        assert_eq!(hosts("n[9-11]"), "n9 n10 n11");
        assert_eq!(hosts("n[098-101]-ib"), "n098-ib n099-ib n100-ib n101-ib");
        assert_eq!(hosts("r[1-2]n[3,5]"), "r1n3 r1n5 r2n3 r2n5");
    }

    #[test]
    fn malformed_lists_are_errors() {
        let error = |list| expand_hosts(list).unwrap_err();
        for list in
            ["", ",", "a,,b", "n[", "n]", "n[1", "n[[1]]", "n[]", "n[a-b]", "n[1-]", "n[-1]", "n[1--2]"]
        {
            assert!(!error(list).is_empty(), "{list}");
        }
        assert_eq!(error("n[3-1]"), "the range `3-1` runs backwards");
        assert_eq!(error("n[1-999999999]"), "more than 100000 hosts");
        assert_eq!(error("n[1-9999]m[1-9999]"), "more than 100000 hosts");
        assert!(error("n[99999999999999999999]").contains("not a range"));
    }
}
