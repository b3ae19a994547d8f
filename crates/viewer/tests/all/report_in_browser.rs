//! The page in a real browser, with and without scripts, at phone and desktop widths. Skipped without Chromium, except
//! in CI, where that fails.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::common::{Lab, TestRun};
use clip_lab_cli::ReportArgs;
use clip_lab_viewer::report::report;
use serde_json::Value;

const WIDTHS: [u32; 2] = [400, 1280];
/// The colour scheme of the browser.
const DARK: &str = "--blink-settings=preferredColorScheme=0";
const LIGHT: &str = "--blink-settings=preferredColorScheme=1";
/// Program names of Chromium.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Opens the page in frames of each width, with and without scripts, and writes its measurements as JSON.
const HARNESS: &str = r#"<!DOCTYPE html><meta charset="utf-8"><body><pre id="found">nothing</pre><script>
const widths = [400, 1280], frames = [];
for (const width of widths) for (const scripts of [true, false]) {
  const frame = document.createElement("iframe");
  if (!scripts) frame.sandbox = "allow-same-origin";
  frame.style = `border:0;height:900px;width:${width}px`;
  frame.src = "report.html";
  frames.push({ width, scripts, frame });
  document.body.append(frame);
}
function measure({ width, scripts, frame }) {
  const page = frame.contentDocument, root = page.documentElement;
  const arms = () => Array.from(page.querySelectorAll("table.results tbody th"), (head) => head.textContent);
  const box = (node) => node.getBoundingClientRect();
  const found = {
    width, scripts, inner: frame.contentWindow.innerWidth, scroll: root.scrollWidth, arms: arms(),
    answer: page.getElementById("answer").textContent,
    means: Array.from(page.querySelectorAll("table.results td.mean"), (cell) => Number(cell.dataset.value)),
    buttons: page.querySelectorAll("thead button").length,
    images: Array.from(page.images, (image) => image.naturalWidth),
    hints: page.querySelectorAll(".hint").length,
    colours: new Set(Array.from(page.querySelectorAll(".swatch"), (swatch) =>
      frame.contentWindow.getComputedStyle(swatch).backgroundColor)).size,
    drawn: Array.from(page.querySelectorAll("figure svg"), (svg) => box(svg).width > 200 && box(svg).height > 50),
  };
  const svg = page.querySelector("section#curves figure svg"), place = box(svg);
  const event = { bubbles: true, clientX: place.left + place.width * 0.4, clientY: place.top + place.height / 2 };
  svg.dispatchEvent(new frame.contentWindow.PointerEvent("pointermove", event));
  found.pointed = page.querySelector("figure .values")?.innerText ?? "";
  const head = page.querySelector("table.results thead th:nth-child(3) button");
  if (head) { head.click(); found.rising = arms(); head.click(); found.falling = arms(); }
  return found;
}
addEventListener("load", () => { document.getElementById("found").textContent = JSON.stringify(frames.map(measure)); });
</script></body>"#;

fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file());
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(found.is_some() || !in_ci, "Chromium is not installed: `apt-get install chromium`");
    if found.is_none() {
        eprintln!("SKIPPED: Chromium is not installed: `apt-get install chromium`");
    }
    found
}

/// Runs the browser with its own profile and returns its output.
fn browse(program: &Path, folder: &Path, args: &[&str], page: &Path) -> String {
    let output = Command::new(program)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--disable-background-networking", "--hide-scrollbars", "--allow-file-access-from-files"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(args)
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A report on three arms, one with a long name.
fn page() -> (Lab, PathBuf) {
    let lab = Lab::new();
    for seed in 0..3 {
        lab.add(TestRun { hits: 352 + 8 * seed, flops: Some(2.5e9), ..TestRun::of("lit", seed) });
        lab.add(TestRun { hits: 300 + 9 * seed, ..TestRun::of("clip & <b>friends</b>", seed) });
        lab.add(TestRun {
            hits: 309 + 4 * seed,
            ..TestRun::of("an_arm_with_a_name_that_nobody_should_give_to_an_arm_of_a_study", seed)
        });
    }
    let out = lab.store().with_file_name("report");
    report(
        &lab.store(),
        &ReportArgs { what: vec!["towers".into()], out: out.clone(), ..ReportArgs::default() },
    )
    .unwrap();
    (lab, out)
}

#[test]
fn the_page_reads_the_same_with_and_without_scripts_and_fits_every_width() {
    let Some(program) = chromium() else { return };
    let (lab, out) = page();
    let folder = lab.store().parent().unwrap().to_owned();
    fs::write(out.join("harness.html"), HARNESS).unwrap();
    let dom = browse(
        &program,
        &folder,
        &["--window-size=1400,2000", "--virtual-time-budget=10000", "--dump-dom"],
        &out.join("harness.html"),
    );
    let text =
        dom.split_once("<pre id=\"found\">").and_then(|(_, rest)| rest.split_once("</pre>")).unwrap().0;
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let found: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let model: Value =
        serde_json::from_str(&fs::read_to_string(out.join("data/report.json")).unwrap()).unwrap();
    let rows = model["comparison"]["tables"][0]["rows"].as_array().unwrap();
    let arms: Vec<&Value> = rows.iter().map(|row| &row["arm"]).collect();
    assert_eq!(found.as_array().unwrap().len(), 2 * WIDTHS.len());
    for view in found.as_array().unwrap() {
        assert_eq!(view["inner"], view["width"]);
        assert!(view["scroll"].as_u64() <= view["width"].as_u64(), "wider than the window: {view}");
        assert_eq!(view["answer"], model["answer"].as_str().unwrap().replace('`', ""));
        assert_eq!(view["arms"].as_array().unwrap().iter().collect::<Vec<_>>(), arms);
        let means: Vec<f64> =
            view["means"].as_array().unwrap().iter().map(|mean| mean.as_f64().unwrap()).collect();
        for (shown, row) in means.iter().zip(rows) {
            assert!((shown - row["mean"]["value"].as_f64().unwrap()).abs() < 1e-14, "{view}");
        }
        assert!(
            view["drawn"]
                .as_array()
                .is_some_and(|all| !all.is_empty() && all.iter().all(|drawn| drawn == true)),
            "{view}"
        );
        assert!(
            view["images"].as_array().is_some_and(|all| all.len() == 6 && all.iter().all(|wide| *wide == 1)),
            "{view}"
        );
        let scripts = view["scripts"] == true;
        assert_eq!(view["colours"], 3, "the policy lets the page's own styles through: {view}");
        // On a phone the table of results is wider than the window and has a hint.
        let phone = view["width"] == 400;
        assert!(!(scripts && phone) || view["hints"].as_u64() > Some(0), "{view}");
        assert_eq!(view["buttons"].as_u64() > Some(0), scripts);
        let pointed = view["pointed"].as_str().unwrap();
        assert_eq!(
            (pointed.contains("step "), pointed.lines().count()),
            (scripts, if scripts { 4 } else { 0 }),
            "{pointed}"
        );
        if scripts {
            let mut order: Vec<usize> = (0..rows.len()).collect();
            order.sort_by(|a, b| means[*a].total_cmp(&means[*b]));
            let sorted = |order: &[usize]| order.iter().map(|at| arms[*at].clone()).collect::<Vec<Value>>();
            assert_eq!(view["rising"], Value::Array(sorted(&order)));
            order.reverse();
            assert_eq!(view["falling"], Value::Array(sorted(&order)));
        }
    }
}

#[test]
fn injected_content_does_not_run_and_colours_follow_the_colour_scheme() {
    let Some(program) = chromium() else { return };
    let (lab, out) = page();
    let folder = lab.store().parent().unwrap().to_owned();
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    let injected = "<script>document.title = 'owned'</script><img src=\"data:,\" onerror=\"document.title = 'owned'\"/>\
                    <style>h1 { color: rgb(1, 2, 3) !important; }</style></body>";
    fs::write(out.join("injected.html"), page.replace("</body>", injected)).unwrap();
    let dom =
        browse(&program, &folder, &["--virtual-time-budget=5000", "--dump-dom"], &out.join("injected.html"));
    assert!(
        dom.contains("<title>towers: clip-lab report</title>") && dom.contains("<button type=\"button\">"),
        "{dom}"
    );
    // Reads the colours of a line and of a swatch in a frame, in both colour schemes.
    let look = r##"<!DOCTYPE html><title>nothing</title><iframe src="report.html"></iframe><script>
addEventListener("load", () => {
  const page = frames[0].document, style = (node) => frames[0].getComputedStyle(node);
  const line = page.querySelector('figure svg [stroke="#0072B2"]');
  document.title = [style(page.body).backgroundColor, style(line).stroke, style(page.querySelector(".c0")).backgroundColor].join(" ");
});</script>"##;
    fs::write(out.join("look.html"), look).unwrap();
    let seen = |scheme: &str| {
        let dom = browse(
            &program,
            &folder,
            &[scheme, "--virtual-time-budget=5000", "--dump-dom"],
            &out.join("look.html"),
        );
        dom.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).unwrap().0.to_owned()
    };
    assert_eq!(seen(LIGHT), "rgb(255, 255, 255) rgb(0, 114, 178) rgb(0, 114, 178)");
    assert_eq!(seen(DARK), "rgb(20, 23, 27) rgb(61, 139, 217) rgb(61, 139, 217)");
}

#[test]
fn the_page_renders_at_both_widths_and_in_print() {
    let Some(program) = chromium() else { return };
    let (lab, out) = page();
    let folder = lab.store().parent().unwrap().to_owned();
    for (width, scheme) in WIDTHS.into_iter().flat_map(|width| [(width, DARK), (width, LIGHT)]) {
        let image = folder.join(format!("{width}.png"));
        let args = [format!("--window-size={width},1200"), format!("--screenshot={}", image.display())];
        let args = [&args.each_ref().map(String::as_str)[..], &[scheme]].concat();
        browse(&program, &folder, &args, &out.join("report.html"));
        let bytes = fs::read(&image).unwrap();
        let wanted = std::env::var_os("CLIP_LAB_REPORT_IMAGES").map(PathBuf::from);
        wanted.into_iter().for_each(|to| {
            fs::copy(&image, to.join(format!("{width}-{}.png", &scheme[scheme.len() - 1..]))).unwrap();
        });
        // Bytes 16 to 20 of a PNG are its width. A blank page of that size would be far smaller.
        assert_eq!((&bytes[1..4], &bytes[16..20]), (&b"PNG"[..], &width.to_be_bytes()[..]));
        assert!(bytes.len() > 20_000, "{} bytes at {width} pixels", bytes.len());
    }
    let paper = folder.join("report.pdf");
    browse(
        &program,
        &folder,
        &["--no-pdf-header-footer", &format!("--print-to-pdf={}", paper.display())],
        &out.join("report.html"),
    );
    assert!(fs::read(&paper).unwrap().starts_with(b"%PDF"));
}
