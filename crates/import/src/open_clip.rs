//! open_clip log folders: `params.txt`, `checkpoints/results.jsonl`, `tensorboard/`.
//!
//! open_clip records evaluations at the number of the epoch, training at the step; both are put on the axis of steps. Source:
//! open_clip's `main.py` and `train.py`.

use std::{collections::HashSet, path::Path};

use clip_lab_files::{MIB, read_text_capped};
use serde_json::Value;

use crate::{
    Found, Identity, ImportError, ImportedRun, Kind, Setting, find,
    json::{flatten, number, parse},
    run::{base_name, modified_ms},
    tensorboard,
};

/// The largest `params.txt` and `results.jsonl`.
const LARGEST: u64 = 64 * MIB;
/// What its evaluations begin with in TensorBoard.
const VAL: &str = "val/";

/// Reads a log folder.
pub fn read(found: &Found) -> Result<ImportedRun, ImportError> {
    let params = found.path.join("params.txt");
    let text = read_text_capped(&params, LARGEST).map_err(ImportError::read(&params))?;
    let mut run = ImportedRun::new(Kind::OpenClip, &found.name);
    run.settings = settings(&text);
    run.started_ms = modified_ms(&params);
    let folder = found.path.join("tensorboard");
    let events = find(&folder).unwrap_or_default();
    let files = events.first().map_or(&[][..], |first| &first.files[..]);
    if let Some(first) = tensorboard::read_files(files, &mut run)? {
        run.started_ms = first.ms;
        run.identity.ms = first.ms;
    }
    run.points.epochs_to_steps(|name| name.starts_with(VAL));
    results(&found.path.join("checkpoints/results.jsonl"), &mut run)?;
    // The settings are written once, before the first step; the name of the folder is that of the run.
    let folder = base_name(&found.path);
    run.identity = Identity::new(Kind::OpenClip, run.identity.ms, &[folder.as_bytes(), text.as_bytes()]);
    let ImportedRun { points, left_out, .. } = &mut run;
    points.finish(left_out);
    Ok(run)
}

/// The settings of `name: value` lines. Python's `None`, `True`, numbers and strings become JSON.
fn settings(text: &str) -> Vec<Setting> {
    let setting = |(line, text): (usize, &str)| {
        let (key, value) = text.split_once(':')?;
        let (key, value) = (key.trim(), value.trim());
        let json = match value {
            "None" => Value::Null,
            "True" => true.into(),
            "False" => false.into(),
            // `Namespace` prints lists with single quotes: those stay text.
            _ => parse(value).filter(|value| !value.is_object()).unwrap_or_else(|| value.into()),
        };
        let is_key = !key.is_empty() && !key.contains(char::is_whitespace);
        let origin = format!("params.txt:{}", line + 1);
        is_key.then(|| Setting { key: key.into(), value: json.to_string(), origin })
    };
    text.lines().enumerate().filter_map(setting).collect()
}

/// Adds the evaluations that the event files lack, under the names that they have there.
fn results(path: &Path, run: &mut ImportedRun) -> Result<(), ImportError> {
    if !path.is_file() {
        return Ok(());
    }
    let text = read_text_capped(path, LARGEST).map_err(ImportError::read(path))?;
    let known: HashSet<String> = run.points.metrics().iter().cloned().collect();
    let epochs = run.points.epochs();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let Some(Value::Object(object)) = parse(line) else {
            run.warnings.push(format!("{}:{}: not a JSON object, skipped", path.display(), at + 1));
            continue;
        };
        let epoch = object.get("epoch").and_then(number).unwrap_or(at as f64 + 1.0);
        let at = epochs.get(&(epoch as i64));
        let (step, ms) = at.map_or((epoch as i64, run.started_ms), |(step, ms)| (*step as i64, *ms));
        flatten("", &Value::Object(object), &mut |key, value| {
            let name = format!("{VAL}{key}");
            match number(value) {
                Some(_) if known.contains(&name) => {}
                Some(value) => run.points.add_at_epoch(&name, step, ms, value, epoch as f32),
                None => run.left_out.add("text"),
            }
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn params_become_json() {
        let text = "lr: 0.0005\nname: a: b\nlock_image: False\nval_data: None\nbeta: [1, 2]\nnot a setting\naug_cfg: {}\n";
        let found: Vec<String> =
            settings(text).into_iter().map(|s| format!("{}={} {}", s.key, s.value, s.origin)).collect();
        let expected = [
            "lr=0.0005 params.txt:1",
            "name=\"a: b\" params.txt:2",
            "lock_image=false params.txt:3",
            "val_data=null params.txt:4",
            "beta=[1,2] params.txt:5",
            "aug_cfg=\"{}\" params.txt:7",
        ];
        assert_eq!(found, expected);
    }
}
