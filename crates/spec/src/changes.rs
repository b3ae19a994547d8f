//! Differences between a recorded run and what would run now: settings, code, data.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// The differences, one message each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Settings of the spec.
    pub spec: Vec<String>,
    /// Code and data.
    pub other: Vec<String>,
}

/// Settings that do not affect results.
const SPEED: [&str; 2] = ["run.threads:", "run.workers:"];

/// Largest number of differences listed; the rest are counted.
const MAX_LISTED: usize = 4;

impl Changes {
    /// Drops settings that only affect speed: a resumed run may use another number of threads.
    pub fn of_results(self) -> Self {
        let speed = |line: &String| SPEED.iter().any(|key| line.starts_with(key));
        Self { spec: self.spec.into_iter().filter(|line| !speed(line)).collect(), ..self }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.spec.is_empty() && self.other.is_empty()
    }

    /// A one-line summary.
    pub fn summary(&self) -> String {
        let all: Vec<&str> = self.other.iter().chain(&self.spec).map(String::as_str).collect();
        match all.len().saturating_sub(MAX_LISTED) {
            0 => all.join("; "),
            more => format!("{}; and {more} more", all[..MAX_LISTED].join("; ")),
        }
    }
}

/// Differences between a recorded run and what would run now. `then` and `now` are the fingerprints of code and data.
pub fn changes(
    spec_then: &str,
    then: &BTreeMap<String, serde_json::Value>,
    spec_now: &str,
    now: &BTreeMap<String, String>,
) -> Changes {
    let other = now.iter().filter_map(|(key, now)| {
        let then = then.get(key).and_then(serde_json::Value::as_str);
        let what = match key.as_str() {
            "code" => "the code of clip-lab has changed".to_owned(),
            _ => format!("the images or captions of [{key}] have changed"),
        };
        match then {
            Some(then) => (then != now).then_some(what),
            None => Some(format!("its `{key}` was not recorded")),
        }
    });
    Changes { spec: settings(spec_then, spec_now), other: other.collect() }
}

/// Settings that differ. Ignores comments, order, name and description, which do not affect results.
fn settings(then: &str, now: &str) -> Vec<String> {
    let (Ok(then), Ok(now)) = (then.parse::<Table>(), now.parse::<Table>()) else {
        return if then == now { Vec::new() } else { vec!["the spec differs".to_owned()] };
    };
    let (then, now) = (flat(then), flat(now));
    let mut keys: Vec<&String> = then.keys().chain(now.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let differ = keys.into_iter().filter(|key| then.get(*key) != now.get(*key));
    let show = |side: &BTreeMap<String, String>, key: &str| {
        side.get(key).cloned().unwrap_or_else(|| "unset".to_owned())
    };
    differ.map(|key| format!("{key}: {} then, {} now", show(&then, key), show(&now, key))).collect()
}

fn flat(mut table: Table) -> BTreeMap<String, String> {
    table.remove("name");
    table.remove("description");
    let mut found = BTreeMap::new();
    for (key, value) in &table {
        flatten(key, value, &mut found);
    }
    found
}

fn flatten(key: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    let mut below = |step: &str, value: &Value| flatten(&format!("{key}.{step}"), value, into);
    match value {
        Value::Table(table) if !table.is_empty() => table.iter().for_each(|(step, value)| below(step, value)),
        Value::Array(list) if list.iter().any(Value::is_table) => {
            list.iter().enumerate().for_each(|(at, value)| below(&at.to_string(), value));
        }
        _ => _ = into.insert(key.to_owned(), value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    #[test]
    fn only_what_affects_results_counts() {
        let then = "name = \"a\"\n[loss]\nplugin = \"clip\" # ours\n[run]\nseed = 1\n";
        let now = "name = \"b\"\ndescription = \"x\"\n[run]\nseed = 1\n[loss]\nplugin = \"clip\"\n";
        let recorded = BTreeMap::from([("code".to_owned(), "1".into()), ("git".to_owned(), 3.into())]);
        assert!(changes(then, &recorded, now, &map(&[("code", "1")])).is_empty());
    }

    #[test]
    fn threads_do_not_affect_results() {
        let (then, now) = ("[run]\nthreads = 2\nworkers = 1\nseed = 1\n", "[run]\nthreads = 3\nseed = 1\n");
        let found = changes(then, &BTreeMap::new(), now, &BTreeMap::new());
        assert_eq!(found.spec.len(), 2);
        assert!(found.of_results().is_empty());
        let other = changes(then, &BTreeMap::new(), "[run]\nseed = 2\n", &BTreeMap::new()).of_results();
        assert_eq!(other.spec, ["run.seed: 1 then, 2 now"]);
    }

    #[test]
    fn each_difference_has_its_message() {
        let then = "[run]\nsteps = 2\n[[trick]]\nplugin = \"ema\"\n";
        let now = "[run]\nsteps = 3\nlevels = [1, 2]\n[[trick]]\nplugin = \"freeze\"\nparams = []\n";
        let recorded =
            BTreeMap::from([("code".to_owned(), "1".into()), ("data.train".to_owned(), "a".into())]);
        let changed = map(&[("code", "2"), ("data.train", "b"), ("data.val", "c")]);
        let found = changes(then, &recorded, now, &changed);
        let other = [
            "the code of clip-lab has changed",
            "the images or captions of [data.train] have changed",
            "its `data.val` was not recorded",
        ];
        assert_eq!(found.other, other);
        let spec = [
            "run.levels: unset then, [1, 2] now",
            "run.steps: 2 then, 3 now",
            "trick.0.params: unset then, [] now",
            "trick.0.plugin: \"ema\" then, \"freeze\" now",
        ];
        assert_eq!(found.spec, spec);
        assert!(
            found.summary().ends_with("run.levels: unset then, [1, 2] now; and 3 more"),
            "{}",
            found.summary()
        );
    }
}
