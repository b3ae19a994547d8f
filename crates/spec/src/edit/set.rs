//! `--set a.b=value`.

use toml_edit::{Item, Value};

use super::{Change, Edit, path};

impl Edit {
    /// Parses `KEY=VALUE`; a value that is not TOML is a string. An empty value removes the key.
    pub(crate) fn from_set(set: &str) -> Result<Self, String> {
        let (key, value) = set.split_once('=').ok_or("has no `=`; write `--set table.key=value`")?;
        let path = path(key).ok_or_else(|| format!("`{key}` is not a dotted key"))?;
        let value = value.trim();
        let (by, layer) = (format!("`--set {set}`"), "--set".to_owned());
        if value.is_empty() {
            return Ok(Self { by, layer, path, change: Change::Drop });
        }
        let value = value.parse::<Value>().unwrap_or_else(|_| Value::from(value));
        Ok(Self { by, layer, path, change: Change::Set(Item::Value(value)) })
    }
}

#[cfg(test)]
mod tests {
    use crate::Spec;

    const SPEC: &str = "[run]\nbatch = 64 # pairs\n\n[[trick]]\nplugin = \"freeze\"\n";

    fn after(sets: &[&str]) -> (String, Vec<String>) {
        let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
        let spec = Spec::parse("a.toml", SPEC, &sets).unwrap();
        (spec.source.text, spec.problems.into_iter().map(|problem| problem.message).collect())
    }

    #[test]
    fn a_value_is_replaced_and_its_comment_stays() {
        let (text, problems) = after(&["run.batch=32"]);
        assert_eq!(text, SPEC.replace("64", "32"));
        assert!(problems.is_empty());
    }

    #[test]
    fn values_that_are_not_toml_are_strings_and_lists_are_indexed() {
        let (text, problems) = after(&["run.device=cuda:1", "trick.0.params=[\"image\"]"]);
        assert!(text.contains("batch = 64 # pairs\ndevice = \"cuda:1\"\n"), "{text}");
        assert!(text.ends_with("plugin = \"freeze\"\nparams = [\"image\"]\n"), "{text}");
        assert!(problems.is_empty());
    }

    #[test]
    fn a_missing_table_is_created() {
        let (text, problems) = after(&["data.train.root=/photos", "loss.scale=5.0"]);
        assert!(text.contains("[data.train]\nroot = \"/photos\"\n"), "{text}");
        assert!(text.ends_with("[loss]\nscale = 5.0\n"), "{text}");
        assert!(problems.is_empty());
    }

    #[test]
    fn an_empty_value_removes_a_key() {
        let (text, problems) = after(&["run.steps=4", "run.batch="]);
        assert_eq!(text, SPEC.replace("batch = 64 # pairs\n", "steps = 4\n"));
        assert!(problems.is_empty());
        assert_eq!(
            after(&["run.bach="]).1,
            ["`--set run.bach=`: there is no `run.bach`; did you mean `batch`?"]
        );
    }

    #[test]
    fn every_invalid_one_is_named() {
        let (text, problems) = after(&[
            "run.batch",
            "trick.1.a=2",
            "trick.a=2",
            "run.batch.x=1",
            "run=2",
            "a b=1",
            "eval.0.k=[1]",
        ]);
        assert_eq!(text, SPEC);
        let expected = [
            "`--set run.batch`: has no `=`; write `--set table.key=value`",
            "`--set trick.1.a=2`: there is no `trick.1`: the spec has 1 of them, counted from 0",
            "`--set trick.a=2`: `trick` is a list; number its members from 0, such as `trick.0.plugin`",
            "`--set run.batch.x=1`: `batch` is a value and has no settings of its own",
            "`--set run=2`: `run` is a table; name one of its settings",
            "`--set a b=1`: `a b` is not a dotted key",
            "`--set eval.0.k=[1]`: there is no `eval.0`: the spec has no `eval`",
        ];
        assert_eq!(problems, expected);
    }
}
