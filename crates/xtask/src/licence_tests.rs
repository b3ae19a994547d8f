//! Licences of dependencies are those that deny.toml allows. `cargo deny check` checks them too, by the texts of the licences,
//! and advisories, banned crates and sources; CI runs it.

use std::process::Command;

use toml::{Table, Value};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Whether the terms of an SPDX expression can be met: every licence of an `AND`, one of an `OR`.
fn is_met(expression: &str, allowed: &impl Fn(&str) -> bool) -> bool {
    let expression = expression.replace('/', " OR ");
    let [any, all] = [" OR ", " AND "].map(|operator| split(&expression, operator));
    match (&any[..], &all[..]) {
        ([_, _, ..], _) => any.iter().any(|part| is_met(part, allowed)),
        (_, [_, _, ..]) => all.iter().all(|part| is_met(part, allowed)),
        _ => match expression.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            Some(inner) => is_met(inner, allowed),
            None => allowed(expression.trim()),
        },
    }
}

/// Splits an expression at the operators outside parentheses.
fn split<'a>(expression: &'a str, operator: &str) -> Vec<&'a str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, _) in expression.match_indices(operator) {
        let before = &expression[..at];
        if before.matches('(').count() == before.matches(')').count() {
            parts.push(&expression[start..at]);
            start = at + operator.len();
        }
    }
    parts.push(&expression[start..]);
    parts
}

#[test]
fn expressions_are_read_as_spdx_defines_them() {
    let met = |expression: &str| is_met(expression, &|licence| ["MIT", "ISC"].contains(&licence));
    for expression in ["MIT", "GPL-3.0/MIT", "MIT AND ISC", "(GPL-3.0 OR MIT) AND ISC", "X OR MIT AND ISC"] {
        assert!(met(expression), "{expression}");
    }
    for expression in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "MIT WITH X", ""] {
        assert!(!met(expression), "{expression}");
    }
}

fn names(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_dependency_has_a_licence_that_deny_toml_allows() {
    let rules: Table = std::fs::read_to_string(format!("{ROOT}/deny.toml")).unwrap().parse().unwrap();
    let licences = &rules["licenses"];
    let (allowed, exceptions) = (names(&licences["allow"]), licences["exceptions"].as_array().unwrap());
    let exception = |package: &str| exceptions.iter().find(|rule| rule["crate"].as_str() == Some(package));
    // `cargo tree` omits optional dependencies that no feature turns on; `cargo metadata` lists them.
    let tree = "tree --workspace --all-features --locked --prefix none --format {p}|{l}";
    let target = rules["graph"]["targets"][0].as_str().unwrap();
    let output = Command::new(env!("CARGO"))
        .args(tree.split(' '))
        .args(["--target", target])
        .current_dir(ROOT)
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // A star marks a package that was listed before.
    let packages = text.lines().filter_map(|line| line.trim_end_matches(" (*)").split_once('|'));
    let refused = packages.clone().filter(|(package, licence)| {
        let own = exception(package.split(' ').next().unwrap())
            .map(|rule| names(&rule["allow"]))
            .unwrap_or_default();
        !is_met(licence, &|name| allowed.iter().chain(&own).any(|other| other == name))
    });
    assert_eq!(refused.collect::<Vec<_>>(), [], "add the licence to deny.toml, or use another crate");
    assert!(packages.count() > 100);
}
