//! Stores that both changed.

use clip_lab_store::{Reader, Store};
use clip_lab_transfer::Outcome;

use crate::common::{content, evaluation, outcomes, push, record, resume};

#[test]
fn two_stores_that_both_changed_converge() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a/s.db"), folder.path().join("b/s.db"));
    let uid = record(&a, "shared", 200);
    record(&a, "only in a", 20);
    push(&a, &b);
    record(&b, "only in b", 20);
    for (store, text, value) in [(&a, "note of a", 0.1), (&b, "note of b", 0.2)] {
        let edit = Store::open(store).unwrap();
        let id = Reader::open(store).unwrap().run(&uid).unwrap().id;
        edit.tag(id, text).unwrap();
        edit.note(id, text).unwrap();
        edit.evaluate(id, &evaluation("cifar10", value)).unwrap();
        edit.evaluate(id, &evaluation(text, value)).unwrap();
    }
    // The run continues in one of them.
    resume(&b, &uid, 150, 250);
    push(&a, &b);
    push(&b, &a);
    assert_eq!(content(&a), content(&b));
    let reader = Reader::open(&a).unwrap();
    let id = reader.run(&uid).unwrap().id;
    let notes: Vec<String> = reader.notes(id).unwrap().into_iter().map(|note| note.text).collect();
    assert_eq!(notes, ["a note", "note of a", "note of b"]);
    assert_eq!(reader.tags(id).unwrap(), ["note of a", "note of b", "paper"]);
    assert_eq!(reader.evaluations(id).unwrap().len(), 5);
    assert_eq!(reader.points(id, "train/a").unwrap().last().unwrap().step, 249);
    for (from, to) in [(&a, &b), (&b, &a)] {
        assert!(outcomes(&push(from, to)).iter().all(|outcome| *outcome == Outcome::Unchanged));
    }
}

#[test]
fn an_older_store_does_not_undo_what_a_resume_superseded() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a/s.db"), folder.path().join("b/s.db"));
    let uid = record(&a, "one", 200);
    push(&a, &b);
    resume(&a, &uid, 50, 80);
    let after = content(&a);
    push(&b, &a);
    assert_eq!(content(&a), after);
    push(&a, &b);
    assert_eq!(content(&b), after);
}
