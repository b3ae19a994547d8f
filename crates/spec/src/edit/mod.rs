//! Edits of a spec's text that preserve comments and order: `--set`, and the edits of a study's arms.

mod set;
mod walk;
mod write;

use toml_edit::{DocumentMut, Item};

/// One change to a spec.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Its source, for messages, such as `` `--set run.seed=1` ``.
    pub by: String,
    /// What it belongs to: the command line, the study or an arm. A later layer overrides an earlier one.
    pub layer: String,
    /// The path of the item; numbers index lists.
    pub path: Vec<String>,
    /// The operation.
    pub change: Change,
}

/// The operation of an [`Edit`].
#[derive(Debug, Clone)]
pub enum Change {
    /// Writes a value or a whole table.
    Set(Item),
    /// Removes a key, a table, a list or a member of a list.
    Drop,
    /// Appends a table to a list.
    Add(Item),
}

/// Settings of `[run]` of which a spec has one: writing one removes the other, unless the same layer wrote both.
const LENGTHS: [&str; 2] = ["epochs", "steps"];

/// A key that an edit wrote, and the edit.
#[derive(Debug, Clone)]
pub(crate) struct WrittenKey {
    pub by: String,
    layer: String,
    pub path: Vec<String>,
}

/// An editor of TOML text.
pub(crate) struct Editor {
    document: DocumentMut,
    wrote: Vec<WrittenKey>,
}

impl Editor {
    /// None if the text is not TOML.
    pub fn new(text: &str) -> Option<Self> {
        Some(Self { document: text.parse().ok()?, wrote: Vec::new() })
    }

    /// Applies one edit. On error the text is unchanged.
    pub fn apply(&mut self, edit: &Edit) -> Result<(), String> {
        let table = self.document.as_table_mut();
        let paths = match &edit.change {
            Change::Set(item) => write::set(table, &edit.path, item)?,
            Change::Add(item) => write::add(table, &edit.path, item)?,
            Change::Drop => {
                let dropped = walk::drop(table, &edit.path);
                // A length may have been replaced by the other one already.
                if length(&edit.path).is_none() {
                    dropped?;
                }
                self.forget(&edit.path);
                Vec::new()
            }
        };
        let wrote = |path| WrittenKey { by: edit.by.clone(), layer: edit.layer.clone(), path };
        self.wrote.extend(paths.into_iter().map(wrote));
        if let Change::Set(_) = edit.change {
            self.replace_length(edit);
        }
        Ok(())
    }

    fn replace_length(&mut self, edit: &Edit) {
        let Some(at) = length(&edit.path) else { return };
        let other = ["run", LENGTHS[1 - at]].map(str::to_owned);
        if !self.wrote.iter().any(|wrote| wrote.path == other && wrote.layer == edit.layer) {
            // It need not be in the text.
            let _ = walk::drop(self.document.as_table_mut(), &other);
            self.forget(&other);
        }
    }

    /// The edited text, and the keys written.
    pub fn finish(self) -> (String, Vec<WrittenKey>) {
        (self.document.to_string(), self.wrote)
    }

    /// Forgets the keys below a dropped path, and shifts later members of its list.
    fn forget(&mut self, path: &[String]) {
        self.wrote.retain(|wrote| !wrote.path.starts_with(path));
        let Some((last, parents)) = path.split_last() else { return };
        let Ok(gone) = last.parse::<usize>() else { return };
        for wrote in self.wrote.iter_mut().filter(|wrote| wrote.path.starts_with(parents)) {
            let Some(step) = wrote.path.get_mut(parents.len()) else { continue };
            if let Some(at) = step.parse::<usize>().ok().filter(|at| *at > gone) {
                *step = (at - 1).to_string();
            }
        }
    }
}

/// The number of a length of a run, `run.epochs` or `run.steps`.
fn length(path: &[String]) -> Option<usize> {
    let [table, key] = path else { return None };
    LENGTHS.iter().position(|length| table == "run" && key == length)
}

/// Splits a dotted key.
pub(crate) fn path(key: &str) -> Option<Vec<String>> {
    let keys = toml_edit::Key::parse(key.trim()).ok()?;
    Some(keys.iter().map(|key| key.get().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = "# a spec\n[run]\nbatch = 64 # pairs\n\n[loss]\nplugin = \"clip\"\nscale = 5\n\n\
                        [[trick]]\nplugin = \"freeze\"\n\n[[trick]]\nplugin = \"clip_norm\"\n";

    fn edit(path: &str, change: Change) -> Edit {
        Edit { by: "a test".into(), layer: "a test".into(), path: super::path(path).unwrap(), change }
    }

    fn item(text: &str) -> Item {
        Item::Value(text.parse().unwrap())
    }

    fn after(edits: &[Edit]) -> (String, Vec<Vec<String>>, Vec<String>) {
        let mut editor = Editor::new(SPEC).unwrap();
        let problems = edits.iter().filter_map(|edit| editor.apply(edit).err()).collect();
        let (text, wrote) = editor.finish();
        assert!(text.parse::<DocumentMut>().is_ok(), "{text}");
        (text, wrote.into_iter().map(|wrote| wrote.path).collect(), problems)
    }

    #[test]
    fn one_length_of_a_run_replaces_the_other() {
        let spec = "[run]\nepochs = 20\nbatch = 64\n";
        let after = |sets: &[(&str, &str)]| {
            let mut editor = Editor::new(spec).unwrap();
            for (key, value) in sets {
                editor.apply(&edit(key, Change::Set(item(value)))).unwrap();
            }
            editor.finish().0
        };
        assert_eq!(after(&[("run.steps", "4")]), "[run]\nbatch = 64\nsteps = 4\n");
        assert_eq!(after(&[("run.epochs", "2")]), "[run]\nepochs = 2\nbatch = 64\n");
        let mut editor = Editor::new(spec).unwrap();
        editor.apply(&edit("run.steps", Change::Set(item("4")))).unwrap();
        editor.apply(&edit("run.epochs", Change::Drop)).unwrap();
        let both = after(&[("run.steps", "4"), ("run.epochs", "2")]);
        assert!(both.contains("steps = 4") && both.contains("epochs = 2"), "both were asked for: {both}");
        let mut editor = Editor::new(spec).unwrap();
        for (layer, key) in [("arm", "run.epochs"), ("--set", "run.steps")] {
            editor.apply(&Edit { layer: layer.into(), ..edit(key, Change::Set(item("3"))) }).unwrap();
        }
        let (text, wrote) = editor.finish();
        assert_eq!(text, "[run]\nbatch = 64\nsteps = 3\n", "the command line overrides the arm");
        assert_eq!(wrote.len(), 1);
    }

    #[test]
    fn a_table_replaces_another() {
        let loss = item("{ plugin = \"siglip\", bias = -10.0 }");
        let (text, wrote, problems) = after(&[edit("loss", Change::Set(loss))]);
        assert_eq!(text, SPEC.replace("\"clip\"\nscale = 5\n", "\"siglip\"\nbias = -10.0\n"));
        assert_eq!(wrote, [["loss", "plugin"], ["loss", "bias"]]);
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn lists_are_replaced_extended_and_created() {
        let list = item("[{ plugin = \"ema\" }]");
        let table = item("{ plugin = \"ema\", decay = 0.9 }");
        let (text, ..) = after(&[edit("trick", Change::Set(list))]);
        assert_eq!(text.matches("[[trick]]").count(), 1, "{text}");
        assert!(text.ends_with("[[trick]]\nplugin = \"ema\"\n"), "{text}");
        let (text, wrote, _) = after(&[edit("trick", Change::Add(table.clone()))]);
        assert!(text.starts_with(SPEC), "{text}");
        assert!(text.ends_with("[[trick]]\nplugin = \"ema\"\ndecay = 0.9\n"), "{text}");
        assert_eq!(wrote[1], ["trick", "2", "decay"]);
        let (text, ..) =
            after(&[edit("augment", Change::Add(table.clone())), edit("augment", Change::Add(table))]);
        assert_eq!(text.matches("[[augment]]\nplugin = \"ema\"\n").count(), 2, "{text}");
    }

    #[test]
    fn dropped_members_shift_the_rest() {
        let edits = [
            edit("trick.1.max_norm", Change::Set(item("0.5"))),
            edit("loss.scale", Change::Set(item("6"))),
            edit("trick.0", Change::Drop),
            edit("loss", Change::Drop),
        ];
        let (text, wrote, problems) = after(&edits);
        assert_eq!(
            text,
            "# a spec\n[run]\nbatch = 64 # pairs\n\n[[trick]]\nplugin = \"clip_norm\"\nmax_norm = 0.5\n"
        );
        assert_eq!(wrote, [["trick", "0", "max_norm"]]);
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn invalid_edits_are_reported() {
        let edits = [
            edit("los", Change::Drop),
            edit("trick.2", Change::Drop),
            edit("run.batch.x", Change::Drop),
            edit("run.sed", Change::Drop),
            edit("loss", Change::Add(item("{}"))),
            edit("loss", Change::Set(item("1"))),
            edit("eval.0.k", Change::Set(item("1"))),
        ];
        let (text, wrote, problems) = after(&edits);
        assert_eq!((text.as_str(), wrote.len()), (SPEC, 0));
        let expected = [
            "there is no `los`; did you mean `loss`?",
            "there is no `trick.2`: the spec has 2 of them, counted from 0",
            "`batch` is a value and has no settings of its own",
            "there is no `run.sed`; existing keys: batch",
            "`loss` is not a list of tables",
            "`loss` is a table; name one of its settings",
            "there is no `eval.0`: the spec has no `eval`",
        ];
        assert_eq!(problems, expected);
    }
}
