//! Settings of a checkpoint that TOML cannot hold.

use toml::{Table, Value};

use super::*;

type Around = fn(Value) -> Value;

/// `scale`, and `deep` with `levels` tables or lists around a number.
fn settings(levels: usize, around: Around) -> Table {
    let deep = (0..levels).fold(Value::from(1), |inner, _| around(inner));
    Table::from_iter([("scale".to_owned(), Value::from(2)), ("deep".to_owned(), deep)])
}

fn table(inner: Value) -> Value {
    Value::Table(Table::from_iter([("a".to_owned(), inner)]))
}

fn list(inner: Value) -> Value {
    Value::Array(vec![inner])
}

#[test]
fn a_setting_nested_too_deeply_in_a_checkpoint_is_an_error() {
    for (around, step) in [(table as Around, ".a"), (list as Around, ".0")] {
        let mut section = Section::new("loss", 0..0, DeTable::new());
        section.fill(&settings(60, around), &(3..7)).unwrap();
        assert!(section.has("scale") && section.has("deep"));

        let mut section = Section::new("loss", 0..0, DeTable::new());
        let problem = section.fill(&settings(100, around), &(3..7)).unwrap_err();
        let path = format!("deep{}", step.repeat(100));
        assert_eq!(problem.message, format!("[loss].{path}: nested too deeply in the checkpoint"));
        assert_eq!((problem.place, problem.help.as_deref()), (Some(3..7), Some("set `deep` in [loss]")));
        assert!(!section.has("scale"));

        let mut section = Section::new("loss", 0..0, parse("deep = 1".to_owned()).unwrap());
        section.fill(&settings(100, around), &(3..7)).unwrap();
        assert!(section.has("scale"), "the value of the checkpoint is not read");
    }
}
