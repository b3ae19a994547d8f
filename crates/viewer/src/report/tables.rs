//! The data as CSV.

use anyhow::Result;
use clip_lab_escape::cell;
use csv::Writer;

use super::{drawing::Curves, gather::ReportData, model::Model};

/// All tables: file name and text.
pub fn tables(data: &ReportData) -> Result<[(&'static str, String); 4]> {
    Ok([
        ("comparison.csv", data.model.comparison.to_csv()?),
        ("settings.csv", settings(&data.model)?),
        ("runs.csv", runs(&data.model)?),
        ("curves.csv", curves(data)?),
    ])
}

fn settings(model: &Model) -> Result<String> {
    let head = ["setting".to_owned(), "chosen".to_owned()].into_iter().chain(model.settings.arms.clone());
    let of = |chosen: bool| {
        let all = if chosen { &model.settings.chosen } else { &model.settings.derived };
        all.iter().map(move |setting| {
            let values = setting.values.iter().map(|value| value.clone().unwrap_or_default());
            [setting.key.clone(), chosen.to_string()].into_iter().chain(values).collect()
        })
    };
    to_csv(head.collect(), of(true).chain(of(false)))
}

fn runs(model: &Model) -> Result<String> {
    let head = ["arm", "seed", "uid", "spec_file", "fact", "value"].map(str::to_owned);
    let rows = model.runs.iter().flat_map(|run| {
        run.details.iter().map(|(name, value)| {
            let [arm, uid, file] = [&run.arm, &run.uid, &run.spec_file].map(Clone::clone);
            vec![arm, run.seed.to_string(), uid, file, name.clone(), value.clone()]
        })
    });
    to_csv(head.into(), rows)
}

/// The drawn curves: means and bands.
fn curves(data: &ReportData) -> Result<String> {
    let head = ["metric", "arm", "seeds", "axis", "x", "mean", "low", "high"].map(str::to_owned);
    let all = data.drawings.iter().filter_map(|drawing| drawing.curves.as_ref());
    let rows = all.flat_map(|Curves { metric, recorded: figure, .. }| {
        figure.series.iter().flat_map(move |series| {
            let bands = series.bands.iter().flatten().map(|(x, low, high)| (*x, (*low, *high)));
            let bands: Vec<(f64, (f64, f64))> = bands.collect();
            series.lines.iter().flatten().map(move |(x, mean)| {
                let at = bands.binary_search_by(|(position, _)| position.total_cmp(x)).ok();
                let (low, high) = at.map_or((String::new(), String::new()), |at| {
                    let (low, high) = bands[at].1;
                    (low.to_string(), high.to_string())
                });
                let n = series.n.to_string();
                let arm = series.name.strip_suffix(&format!(" n={n}")).unwrap_or(&series.name).to_owned();
                let (metric, axis) = (metric.clone(), figure.x.title.clone());
                vec![metric, arm, n, axis, x.to_string(), mean.to_string(), low, high]
            })
        })
    });
    to_csv(head.into(), rows)
}

fn to_csv(head: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> Result<String> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(head.iter().map(|text| cell(text).into_owned()))?;
    for row in rows {
        writer.write_record(row.iter().map(|text| cell(text).into_owned()))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
