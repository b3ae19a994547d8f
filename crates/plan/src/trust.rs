//! On whose word code is opened. Everything that opens some asks here first.

use std::path::Path;

use clip_lab_api::{Origin, Section, problem::Problem};

use clip_lab_spec::Spec;

/// A problem where the code in `file`, which `section.key` names, is not the user's choice. Nothing of it has run.
pub(super) fn refusal(
    spec: &Spec,
    trusted: bool,
    section: &Section,
    key: &str,
    file: &Path,
) -> Option<Problem> {
    let (name, place) = (&section.name, section.place_of(key));
    let by = match section.origin(key) {
        _ if trusted => return None,
        // A plugin's own default is part of this program, or of a library that was opened already.
        Origin::Default => return None,
        Origin::Spec if spec.is_typed(name, key) => return None,
        Origin::Spec => "this spec",
        Origin::Checkpoint => "the checkpoint",
    };
    let words = format!("[{name}].{key}: {by} names code to run, {}", file.display());
    let problem = Problem::at(place, words).label("nothing of it was run");
    Some(problem.help(match by {
        "this spec" => "type `--trust-code` if you trust whoever wrote it".to_owned(),
        _ => {
            format!("set `{key}` in [{name}] yourself, or type `--trust-code`, if you trust whoever wrote it")
        }
    }))
}
