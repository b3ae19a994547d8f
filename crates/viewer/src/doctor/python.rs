//! Python. Only some tests and checks need it, training does not.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use clip_lab_home::cache_dir;
use serde_json::json;

use super::finding::Finding;

/// Modules that tests import.
const MODULES: [&str; 4] = ["torch", "transformers", "open_clip", "torchvision"];

/// Whether the Python that loads exported models in tests is available.
pub fn python() -> Vec<Finding> {
    let named = env::var_os("CLIP_LAB_PYTHON").filter(|path| !path.is_empty()).map(PathBuf::from);
    let program = named.unwrap_or_else(|| cache_dir().join("python/bin/python"));
    let advice = "only tests that load exported models need it: `cargo xtask python` creates it (5 GB), CLIP_LAB_PYTHON \
                  names another";
    let shown = program.display();
    let Some(missing) = missing(&program) else {
        return vec![Finding::note("python", format!("{shown} does not exist or does not start"), advice)];
    };
    let details = json!({ "program": program, "missing": missing });
    vec![match missing.is_empty() {
        true => Finding::ok("python", format!("{shown} has {}", MODULES.join(", "))).with(details),
        false => {
            Finding::note("python", format!("{shown} lacks {}", missing.join(", ")), advice).with(details)
        }
    }]
}

/// The modules that `program` cannot find; `None` if it does not start. Nothing is imported, which would take seconds.
fn missing(program: &PathBuf) -> Option<Vec<String>> {
    let list = MODULES.map(|name| format!("'{name}'")).join(",");
    let code = format!("import importlib.util as u\nfor m in [{list}]:\n  if not u.find_spec(m): print(m)");
    let output =
        Command::new(program).args(["-c", &code]).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.lines().map(str::to_owned).collect())
}
