//! Prints the findings as a table or as JSON.

use clip_lab_cli::{PromptsArgs, json_document, out, print, shown};
use clip_lab_plugin_api::templates::Templates;
use clip_lab_stats::Estimate;
use serde_json::{Value, json};

use super::{
    findings::{Findings, Scores},
    select_report::SelectReport,
};

/// Prints the findings in the requested format.
pub fn findings(args: &PromptsArgs, templates: &Templates, splits: &SelectReport, findings: &Findings) {
    let list = templates.list();
    if args.json {
        print(json_document(document(args, &list, splits, findings)));
    } else {
        table(&list, splits, findings);
    }
}

fn table(list: &[&str], splits: &SelectReport, findings: &Findings) {
    let [select, report] = splits.names();
    let list: Vec<String> = list.iter().map(|template| shown(template).to_string()).collect();
    let widest = list.iter().map(|template| template.chars().count()).max().unwrap_or(0).max(24);
    out!("{:<widest$}  {select:>8}  {report:>8}  chosen", "template");
    for row in &findings.rows {
        let rank = findings.taken.iter().position(|taken| taken.template == row.template);
        let mark = rank.map_or(String::new(), |rank| (rank + 1).to_string());
        let [on_select, on_report] = row.accuracy;
        let (a, b) = (select.chars().count().max(8), report.chars().count().max(8));
        out!("{:<widest$}  {on_select:>a$.4}  {on_report:>b$.4}  {mark:>6}", list[row.template]);
    }
    out!("\naccuracy on {report}, with 95% intervals over its images");
    let line = |label: &str, scores: &Scores| {
        out!("  {label:<38} {}", interval(&scores.report));
    };
    line("best single template", &findings.single);
    line(&format!("ensemble of all {}", list.len()), &findings.all);
    line(
        &format!("ensemble of the {} chosen on {select}", findings.chosen.templates.len()),
        &findings.chosen,
    );
    out!("  {:<38} {}", "chosen minus all", interval(&findings.gain));
}

fn interval(estimate: &Estimate) -> String {
    let ends =
        estimate.interval.map_or(String::new(), |ends| format!("  {:.4} to {:.4}", ends.low, ends.high));
    format!("{:.4}{ends}", estimate.value)
}

fn document(args: &PromptsArgs, list: &[&str], splits: &SelectReport, findings: &Findings) -> Value {
    let rows: Vec<Value> = findings
        .rows
        .iter()
        .map(|row| json!({ "template": list[row.template], "select": row.accuracy[0], "report": row.accuracy[1] }))
        .collect();
    let scores = |scores: &Scores| {
        let templates: Vec<&str> = scores.templates.iter().map(|&template| list[template]).collect();
        json!({
            "templates": templates, "select": scores.select, "report": scores.report,
            "mean_per_class": scores.mean_per_class,
        })
    };
    let [select, report] = splits.names();
    json!({
        "model": args.model, "data": splits.named(), "select": select, "report": report,
        "templates": rows, "single": scores(&findings.single), "all": scores(&findings.all),
        "chosen": scores(&findings.chosen), "gain": findings.gain,
    })
}
