//! The figures, as they are written to JSON.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::{
    bench::{Agreement, Aim, Bench, Better, Rival},
    lab::Lab,
    machine::Machine,
    pairs,
};

/// Everything that was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub version: u32,
    pub machine: Machine,
    pub threads: usize,
    pub quick: bool,
    /// `flickr8k` or `synthetic`.
    pub data: String,
    pub rows: Vec<Row>,
}

/// Ours beside one rival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub bench: String,
    pub work: String,
    pub rival_name: String,
    pub unit: String,
    pub more_is_better: bool,
    /// One number for each round; null where it could not be measured.
    pub ours: Vec<Option<f64>>,
    pub rival: Vec<Option<f64>>,
    pub ours_median: Option<f64>,
    pub rival_median: Option<f64>,
    /// Median of the ratios within rounds; above 1 ours is better.
    pub ratio: Option<f64>,
    pub ratio_range: Option<(f64, f64)>,
    pub aim: Option<Aim>,
    pub met: Option<bool>,
    pub agreement: Option<Agreed>,
    /// Why a number is missing.
    pub note: Option<String>,
    /// Whether that is a failure; false if something optional is not installed.
    pub failed: bool,
}

/// How far the results of two programs are apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreed {
    pub what: String,
    pub difference: f64,
    pub tolerance: f64,
}

impl Report {
    pub fn new(lab: &Lab) -> Self {
        let data = if lab.flickr8k.is_some() { "flickr8k" } else { "synthetic" };
        Self {
            version: 1,
            machine: Machine::this(),
            threads: lab.threads,
            quick: lab.quick,
            data: data.to_owned(),
            rows: Vec::new(),
        }
    }

    /// # Errors
    /// If the file cannot be read or is no report.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is no report of `bench`", file.display()))
    }

    /// Replaces `file`, which is thus complete at any time.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        let partial = file.with_extension("partial");
        let failed = || format!("cannot write {}", file.display());
        fs::write(&partial, serde_json::to_string_pretty(self)? + "\n").with_context(failed)?;
        fs::rename(&partial, file).with_context(failed)
    }

    /// Whether nothing failed, no aim was missed, and all results agree.
    pub fn good(&self) -> bool {
        let bad = |row: &Row| {
            let apart = row.agreement.as_ref().is_some_and(|agreement| !agreement.good());
            row.failed || row.met == Some(false) || apart
        };
        !self.rows.iter().any(bad)
    }
}

impl Row {
    pub fn new(bench: &Bench, rival: &Rival) -> Self {
        Self {
            bench: bench.name.to_owned(),
            work: bench.work.to_owned(),
            rival_name: rival.name.to_owned(),
            unit: bench.unit.to_owned(),
            more_is_better: bench.better == Better::More,
            ours: Vec::new(),
            rival: Vec::new(),
            ours_median: None,
            rival_median: None,
            ratio: None,
            ratio_range: None,
            aim: rival.aim,
            met: None,
            agreement: None,
            note: None,
            failed: false,
        }
    }

    /// Adds a round.
    pub fn push(&mut self, ours: Option<f64>, rival: Option<f64>) {
        self.ours.push(ours);
        self.rival.push(rival);
        let measured = |values: &[Option<f64>]| values.iter().copied().flatten().collect::<Vec<_>>();
        let better = if self.more_is_better { Better::More } else { Better::Less };
        let ratios = pairs::ratios(&self.ours, &self.rival, |ours, rival| better.ratio(ours, rival));
        self.ours_median = pairs::median(&measured(&self.ours));
        self.rival_median = pairs::median(&measured(&self.rival));
        self.ratio = pairs::median(&ratios);
        self.ratio_range = pairs::range(&ratios);
        self.met = self.ratio.zip(self.aim).map(|(ratio, aim)| aim.met(ratio));
    }
}

impl Agreed {
    pub fn new(agreement: Agreement, difference: f64) -> Self {
        Self { what: agreement.what.to_owned(), difference, tolerance: agreement.tolerance }
    }

    pub fn good(&self) -> bool {
        self.difference <= self.tolerance
    }
}

#[cfg(test)]
pub mod tests {
    use serde_json::json;

    use super::*;
    use crate::run::{Job, Sample};

    pub fn bench() -> Bench {
        let job = Job::Run(|_| Ok(Sample::default()));
        Bench {
            name: "lit",
            work: "LiT step",
            unit: "pairs/s",
            better: Better::More,
            ours: job,
            rivals: vec![Rival { name: "PyTorch", job, aim: Aim::at_least(1.8) }],
            agreement: None,
        }
    }

    pub fn row(rounds: &[(f64, f64)]) -> Row {
        let bench = bench();
        let mut row = Row::new(&bench, &bench.rivals[0]);
        rounds.iter().for_each(|(ours, rival)| row.push(Some(*ours), Some(*rival)));
        row
    }

    pub fn report(rows: Vec<Row>) -> Report {
        let machine = Machine { cpu: "CPU".to_owned(), cores: 2, load: Some(0.0) };
        Report { version: 1, machine, threads: 2, quick: false, data: "synthetic".to_owned(), rows }
    }

    #[test]
    fn rounds_give_medians_and_a_ratio_with_its_range() {
        let row = row(&[(100.0, 50.0), (60.0, 25.0), (90.0, 60.0)]);
        assert_eq!((row.ours_median, row.rival_median), (Some(90.0), Some(50.0)));
        assert_eq!((row.ratio, row.ratio_range), (Some(2.0), Some((1.5, 2.4))));
        assert_eq!(row.met, Some(true));
    }

    #[test]
    fn fewer_seconds_are_better() {
        let bench = Bench { better: Better::Less, ..bench() };
        let mut row = Row::new(&bench, &bench.rivals[0]);
        row.push(Some(2.0), Some(3.0));
        assert_eq!((row.ratio, row.met), (Some(1.5), Some(false)));
    }

    #[test]
    fn a_report_is_bad_after_a_failure_a_missed_aim_or_a_disagreement() {
        let good = row(&[(90.0, 50.0)]);
        assert!(report(vec![good.clone()]).good());
        let skipped = Row { note: Some("not installed".to_owned()), ratio: None, met: None, ..good.clone() };
        assert!(report(vec![skipped]).good());
        assert!(!report(vec![row(&[(89.0, 50.0)])]).good());
        assert!(!report(vec![Row { failed: true, ..good.clone() }]).good());
        for difference in [2e-5, f64::NAN] {
            let agreement = Some(Agreed { what: "losses".to_owned(), difference, tolerance: 1e-5 });
            assert!(!report(vec![Row { agreement, ..good.clone() }]).good());
        }
    }

    #[test]
    fn json_keeps_every_number() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bench.json");
        let mut row = row(&[(100.0, 50.0)]);
        row.push(Some(99.0), None);
        let report = report(vec![row]);
        report.write(&file).unwrap();
        assert_eq!(Report::read(&file).unwrap(), report);
        let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let row = &json["rows"][0];
        assert_eq!((&json["version"], &row["bench"]), (&json!(1), &json!("lit")));
        assert_eq!(row["ours"], json!([100.0, 99.0]));
        assert_eq!(row["rival"], json!([50.0, null]));
        assert_eq!((&row["ratio"], &row["aim"]["at_least"]), (&json!(2.0), &json!(1.8)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a partial file is left");
    }

    #[test]
    fn another_file_is_no_report() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("other.json");
        fs::write(&file, "{}").unwrap();
        assert!(Report::read(&file).unwrap_err().to_string().contains("is no report"));
        assert!(Report::read(&folder.path().join("none")).is_err());
    }
}
