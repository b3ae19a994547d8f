//! `clip-lab new`: writes a spec for a folder of images.

mod data;

use std::{fs, io::Write as _, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use clip_lab_cli::{NewArgs, NewTask, json_document, print, shown};
use clip_lab_plugin_api::Catalog;
use serde_json::json;

use crate::{plan::plan_with_data, spec::Spec};
use data::Found;

/// Writes the spec and checks it.
///
/// # Errors
/// If the folder holds no data set, the task does not fit it, or the file exists.
pub fn new(args: &NewArgs, catalog: &Catalog) -> Result<()> {
    let found = Found::in_folder(&args.data)?;
    let task = args.task.unwrap_or(if found.captions { NewTask::Lit } else { NewTask::Classify });
    ensure!(
        found.captions || task == NewTask::Classify,
        "{} has class folders and no captions: use --task classify",
        args.data.display()
    );
    ensure!(
        found.classes > 1 || task != NewTask::Classify,
        "{} has no class folders, which --task classify needs",
        args.data.display()
    );
    let text = spec(task, &found, &args.out, &args.data)?;
    write(&args.out, &text)?;
    let plan = Spec::read(&args.out, &[]).and_then(|spec| plan_with_data(&spec, catalog));
    let next = ["check", "run"].map(|command| format!("clip-lab {command} {}", shown(args.out.display())));
    if args.json {
        print(json_document(
            json!({ "spec": args.out, "images": found.images, "classes": found.classes, "next": next }),
        ));
    } else {
        print(format_args!(
            "{}: written for {found}\nnext: {}\n",
            shown(args.out.display()),
            next.join(", then ")
        ));
    }
    plan.map(drop).map_err(anyhow::Error::new)
}

fn spec(task: NewTask, found: &Found, out: &Path, folder: &Path) -> Result<String> {
    let template = match task {
        NewTask::Lit => include_str!("lit.toml.in"),
        NewTask::Clip => include_str!("clip.toml.in"),
        NewTask::Classify => include_str!("classify.toml.in"),
    };
    let batch = found.batch();
    // About two epochs, and no more than a few hundred steps.
    let warmup = (2 * found.images / batch).clamp(1, 200);
    let values = [("NAME", name(folder)), ("BATCH", batch.to_string()), ("WARMUP", warmup.to_string())];
    let text = values.iter().fold(template.to_owned(), |text, (key, value)| text.replace(key, value));
    // What the user wrote comes last: a path may hold any of these words.
    let (head, tail) = text.split_once("DATA").context("the template names no data")?;
    let head = head.replace("FILE", &shown(out.display()).to_string());
    Ok(head + &found.tables(task)? + tail)
}

/// A name of a run from that of the folder.
fn name(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    match name.trim_matches('-') {
        "" => "my-run".to_owned(),
        name => name.to_owned(),
    }
}

/// Never replaces a file.
fn write(out: &Path, text: &str) -> Result<()> {
    let file = fs::File::create_new(out);
    match file {
        Ok(mut file) => file.write_all(text.as_bytes()).with_context(|| format!("writing {}", out.display())),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!("{} exists: choose another file with --out", out.display())
        }
        Err(error) => Err(error).with_context(|| format!("creating {}", out.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_may_hold_the_words_of_the_template() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("BATCH DATA FILE");
        for class in ["a", "b"] {
            fs::create_dir_all(root.join(class)).unwrap();
            image::RgbImage::new(8, 8).save(root.join(class).join("0.png")).unwrap();
        }
        let found = Found::in_folder(&root).unwrap();
        let text = spec(NewTask::Classify, &found, Path::new("DATA\nNAME.toml"), &root).unwrap();
        let table: toml::Table = toml::from_str(&text).unwrap();
        let read = table["data"]["train"]["root"].as_str().unwrap();
        assert_eq!(Path::new(read), root.canonicalize().unwrap());
        assert_eq!(table["name"].as_str(), Some("batch-data-file"));
    }

    #[test]
    fn names_are_lower_case_words() {
        assert_eq!(name(Path::new("/nowhere/My Photos (2024)")), "my-photos--2024");
        assert_eq!(name(Path::new("/nowhere/---")), "my-run");
    }
}
