//! Trust in code that a spec loads. Everything that loads code checks it here first.

use std::path::Path;

use clip_lab_plugin_api::{Origin, Section, diagnostics::Problem};

use clip_lab_spec::Spec;

/// A problem if the code in `file`, which `section.key` names, was not chosen by the user. It is not run.
pub(super) fn untrusted_code(
    spec: &Spec,
    trusted: bool,
    section: &Section,
    key: &str,
    file: &Path,
) -> Option<Problem> {
    let (name, place) = (&section.name, section.place_of(key));
    let by = match section.origin(key) {
        _ if trusted => return None,
        // A plugin's own default is part of this program or of a library that is already open.
        Origin::Default => return None,
        Origin::Spec if spec.is_user_written(name, key) => return None,
        Origin::Spec => "this spec",
        Origin::Checkpoint => "the checkpoint",
    };
    let message = format!("[{name}].{key}: {by} loads code, {}", file.display());
    let problem = Problem::at(place, message).label("not run");
    Some(problem.help(match by {
        "this spec" => "pass `--trust-code` if you trust its author".to_owned(),
        _ => {
            format!("set `{key}` in [{name}] yourself, or pass `--trust-code`, if you trust its author")
        }
    }))
}
