//! The benchmarks, one file each.

mod decode;
mod features;
mod headers;
mod lit;
mod loss;
mod memory;
mod micro_batch;
mod ranks;
mod search;
mod start;
mod store;
mod threads;
mod vit;

use anyhow::{Result, ensure};

use crate::bench::Bench;

/// All of them, in the order in which they are measured.
fn all() -> Vec<Bench> {
    [
        lit::benches(),
        vit::benches(),
        features::benches(),
        micro_batch::benches(),
        threads::benches(),
        decode::benches(),
        headers::benches(),
        ranks::benches(),
        search::benches(),
        loss::benches(),
        store::benches(),
        start::benches(),
        memory::benches(),
    ]
    .concat()
}

/// Those whose name contains one of `filters`; all without filters.
///
/// # Errors
/// If a filter selects none.
pub fn selected(filters: &[String]) -> Result<Vec<Bench>> {
    let mut benches = all();
    for filter in filters {
        let names: Vec<_> = benches.iter().map(|bench| bench.name).collect();
        ensure!(
            names.iter().any(|name| name.contains(filter)),
            "no benchmark's name contains `{filter}`; there are {}",
            names.join(", ")
        );
    }
    benches.retain(|bench| filters.is_empty() || filters.iter().any(|filter| bench.name.contains(filter)));
    Ok(benches)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(filters: &[&str]) -> Vec<&'static str> {
        let filters: Vec<String> = filters.iter().map(|filter| (*filter).to_owned()).collect();
        selected(&filters).unwrap().iter().map(|bench| bench.name).collect()
    }

    #[test]
    fn filters_select_by_part_of_the_name() {
        assert_eq!(names(&["lit"]), ["lit-fp32", "lit-bf16"]);
        assert_eq!(names(&["bf16", "ranks"]), ["lit-bf16", "vit-bf16", "features-bf16", "ranks"]);
        assert_eq!(names(&[]).len(), all().len());
    }

    #[test]
    fn a_filter_that_selects_nothing_names_the_benchmarks() {
        let error = selected(&["vti".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("`vti`") && error.contains("vit-fp32, vit-bf16"), "{error}");
        assert!(selected(&["lit".to_owned(), "vti".to_owned()]).is_err());
    }

    #[test]
    fn names_are_unique_and_every_benchmark_has_a_rival() {
        let names: BTreeSet<_> = all().iter().map(|bench| bench.name).collect();
        assert_eq!(names.len(), all().len());
        assert!(all().iter().all(|bench| !bench.rivals.is_empty()));
    }

    #[test]
    fn the_page_on_speed_names_every_benchmark() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/speed.md");
        let page = std::fs::read_to_string(page).unwrap();
        for bench in all() {
            assert!(page.contains(&format!("`{}`", bench.name)), "docs/speed.md lacks `{}`", bench.name);
        }
    }

    #[test]
    fn scripts_and_specs_that_benchmarks_name_exist() {
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut named = 0;
        for file in std::fs::read_dir(here.join("src/benches")).unwrap().flatten() {
            let text = std::fs::read_to_string(file.path()).unwrap();
            for word in text.split('"').skip(1).step_by(2) {
                let Some((stem, extension)) = word.split_once('.') else { continue };
                let folder = match extension {
                    "py" => "rivals",
                    "toml" => "specs",
                    _ => continue,
                };
                if !stem.is_empty() && !stem.contains('/') {
                    assert!(here.join(folder).join(word).is_file(), "{word}");
                    named += 1;
                }
            }
        }
        assert!(named >= 9, "only {named} were found");
    }
}
