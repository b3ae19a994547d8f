//! Findings for people and for programs.

use clip_lab_cli::{PromptsArgs, answer, out, print, shown};
use clip_lab_stats::Estimate;
use plugins_eval::Templates;
use serde_json::{Value, json};

use super::{
    findings::{Findings, Judged},
    halves::Halves,
};

/// Prints them as `args` ask.
pub fn findings(args: &PromptsArgs, templates: &Templates, halves: &Halves, findings: &Findings) {
    let list = templates.list();
    if args.json {
        print(answer(document(args, &list, halves, findings)));
    } else {
        table(&list, halves, findings);
    }
}

fn table(list: &[&str], halves: &Halves, findings: &Findings) {
    let [select, report] = halves.names();
    let list: Vec<String> = list.iter().map(|template| shown(template).to_string()).collect();
    let widest = list.iter().map(|template| template.chars().count()).max().unwrap_or(0).max(24);
    out!("{:<widest$}  {select:>8}  {report:>8}  chosen", "template");
    for row in &findings.rows {
        let place = findings.taken.iter().position(|taken| taken.template == row.template);
        let mark = place.map_or(String::new(), |place| (place + 1).to_string());
        let [on_select, on_report] = row.accuracy;
        let (a, b) = (select.chars().count().max(8), report.chars().count().max(8));
        out!("{:<widest$}  {on_select:>a$.4}  {on_report:>b$.4}  {mark:>6}", list[row.template]);
    }
    out!("\naccuracy on {report}, with 95% intervals over its pictures");
    let line = |words: &str, judged: &Judged| {
        out!("  {words:<38} {}", interval(&judged.report));
    };
    line("best single template", &findings.single);
    line(&format!("all {} together", list.len()), &findings.all);
    line(&format!("the {} chosen on {select}", findings.chosen.templates.len()), &findings.chosen);
    out!("  {:<38} {}", "chosen minus all", interval(&findings.gain));
}

fn interval(estimate: &Estimate) -> String {
    let ends =
        estimate.interval.map_or(String::new(), |ends| format!("  {:.4} to {:.4}", ends.low, ends.high));
    format!("{:.4}{ends}", estimate.value)
}

fn document(args: &PromptsArgs, list: &[&str], halves: &Halves, findings: &Findings) -> Value {
    let rows: Vec<Value> = findings
        .rows
        .iter()
        .map(|row| json!({ "template": list[row.template], "select": row.accuracy[0], "report": row.accuracy[1] }))
        .collect();
    let judged = |judged: &Judged| {
        let templates: Vec<&str> = judged.templates.iter().map(|&template| list[template]).collect();
        json!({
            "templates": templates, "select": judged.select, "report": judged.report,
            "mean_per_class": judged.mean_per_class,
        })
    };
    let [select, report] = halves.names();
    json!({
        "model": args.model, "data": halves.named(), "select": select, "report": report,
        "templates": rows, "single": judged(&findings.single), "all": judged(&findings.all),
        "chosen": judged(&findings.chosen), "gain": findings.gain,
    })
}
