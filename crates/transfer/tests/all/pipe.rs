//! A store that another process serves.

use std::{fs::File, io::stdin, path::Path, process::Command};

use clip_lab_transfer::{Outcome, Remote, serve};

use crate::common::{content, local, outcomes, push, record, remote, role, select, transfer};

#[test]
fn runs_go_through_ssh_in_both_directions() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a/s.db"), folder.path().join("it's $(b)/s.db"));
    record(&a, "one", 2000);
    let reports = transfer(&mut local(&a), &mut remote(folder.path(), &b));
    assert_eq!(outcomes(&reports), [Outcome::New]);
    assert_eq!(content(&a), content(&b));
    record(&b, "two", 30);
    let reports = transfer(&mut remote(folder.path(), &b), &mut local(&a));
    assert_eq!(outcomes(&reports), [Outcome::Unchanged, Outcome::New]);
    assert_eq!(content(&a), content(&b));
    assert!(outcomes(&push(&a, &b)).iter().all(|outcome| *outcome == Outcome::Unchanged));
}

#[test]
fn another_program_is_an_error_and_not_a_store() {
    for script in ["exit 1", "echo welcome to this machine", "printf clip-lab"] {
        let error = Remote::start(Command::new("sh").args(["-c", script])).err().unwrap();
        assert!(format!("{error:#}").contains("serve-store"), "{script}: {error:#}");
    }
}

/// Not a test: the program at the other end.
#[test]
fn child_process() {
    let Some(store) = role() else { return };
    // The test harness prints to standard output.
    let mut output = File::options().write(true).open("/dev/fd/3").unwrap();
    serve(Path::new(&store), select, &mut stdin().lock(), &mut output).unwrap();
}
