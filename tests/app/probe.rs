//! Recorded probes of a run: fixed pairs, retrieved images, thumbnails, phases and system stats.

use crate::support::{Lab, planned, serial_guard, small};
use clip_lab::{
    input::Source,
    model::WeightsSource,
    train::{Components, EmbeddedData, Features, Inputs, RunEnd, Silent, Stop, Towers, checkpoint},
};
use clip_lab_plugin_api::Embedded as _;
use clip_lab_store::{Evaluated, Probe, Reader};
use tch::Device;

/// Small towers with dropout, batch statistics, random crops and averaged weights; 5 batches per epoch, 3 evaluations.
fn spec() -> String {
    let more = r#"
[data.val]
split = "val"
[data.test]
split = "test"
[schedule]
plugin = "constant"
[[trick]]
plugin = "ema"
[[eval]]
plugin = "retrieval"
"#;
    small("steps = 12", more)
}

fn probes(lab: &Lab) -> Vec<Probe> {
    lab.reader().probes(lab.newest().id).unwrap()
}

/// The key of an evaluation.
fn key_of(probe: &Probe) -> (u64, &str, &str) {
    (probe.step, &probe.split, &probe.weights)
}

#[test]
fn every_evaluation_records_the_same_probes_and_no_loss_changes() {
    let _guard = serial_guard();
    let [seen, again, unseen] = ["", "", "probe = false\n"].map(|more| {
        let lab = Lab::new();
        let spec = spec().replace("seed = 3\n", &format!("seed = 3\n{more}"));
        assert_eq!(lab.train(&spec, None, Stop::default()).unwrap(), RunEnd::Finished);
        lab
    });
    let found = probes(&seen);
    let want: Vec<_> = [(5, "val"), (10, "val"), (12, "test"), (12, "val")]
        .into_iter()
        .flat_map(|(step, split)| [(step, split, "ema"), (step, split, "raw")])
        .collect();
    assert_eq!(found.iter().map(key_of).collect::<Vec<_>>(), want);
    assert_eq!(found, probes(&again), "same seed, same probes");
    assert!(probes(&unseen).is_empty());
    for metric in ["train/loss", "val/retrieval/t2i/hit@1", "test/ema/retrieval/i2t/mrr"] {
        assert_eq!(seen.points(metric), unseen.points(metric), "{metric}");
    }
    for probe in &found {
        check_probe(probe);
        check_thumbnails(&seen.reader(), probe);
        assert_eq!(probe.texts, found.iter().find(|other| other.split == probe.split).unwrap().texts);
    }
    assert_ne!(found[0].similarity, found[1].similarity, "raw weights and their average differ");
    assert!(found.iter().any(|probe| probe.rank.iter().any(|&rank| rank > 0)));
}

/// Checks the consistency of a probe.
fn check_probe(probe: &Probe) {
    assert_eq!((probe.texts.len(), probe.images.len()), (32, 32));
    assert_eq!((probe.queries.len(), probe.top.len(), probe.rank.len()), (20, 20, 20));
    assert_eq!(probe.similarity.len(), 32 * 32);
    assert_eq!(probe.owner, (0..32).collect::<Vec<u32>>());
    assert!(probe.similarity.iter().all(|cosine| (-1.0..=1.0).contains(cosine)));
    assert!(probe.logit_scale.is_some_and(|scale| (10.0..20.0).contains(&scale)), "{:?}", probe.logit_scale);
    for (hits, rank) in probe.top.iter().zip(&probe.rank) {
        assert_eq!(hits.len(), 5);
        assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
        let right: Vec<usize> = (0..5).filter(|&index| hits[index].right).collect();
        assert_eq!(right, if *rank < 5 { vec![*rank as usize] } else { vec![] });
    }
}

/// Checks that every image has a thumbnail, a JPEG of at most 96 pixels.
fn check_thumbnails(reader: &Reader, probe: &Probe) {
    for image in probe.images.iter().chain(probe.top.iter().flatten().map(|hit| &hit.image)) {
        let jpeg = reader.image(image.digest.as_deref().unwrap()).unwrap().expect("a thumbnail");
        let image = image::load_from_memory_with_format(&jpeg, image::ImageFormat::Jpeg).unwrap();
        assert!(image.width() <= 96 && image.height() <= 96);
    }
}

#[test]
fn probes_match_the_embeddings() {
    let _guard = serial_guard();
    let lab = Lab::new();
    lab.train(&spec(), None, Stop::default()).unwrap();
    let run = lab.newest();
    let found = probes(&lab);
    let probe = found.iter().find(|probe| key_of(probe) == (12, "val", "raw")).unwrap();

    let plan = planned(&spec());
    let inputs = Inputs::open(&plan).unwrap();
    let components = Components::build(&plan, &inputs, Device::Cpu, WeightsSource::Checkpoint).unwrap();
    checkpoint::read_weights(&run.dir.join("last.safetensors"), &components.vars).unwrap();
    let data = inputs.splits[0].1.clone();
    let source = Source::images(data.clone(), components.prepare.clone());
    let features = Features::compute(&components.image, source, 1, Device::Cpu, &mut Silent, &|| false);
    let towers = Towers::of(&components, &inputs, &plan, Device::Cpu);
    let embedded = EmbeddedData::new(&towers, data.clone(), &features.unwrap().unwrap()).unwrap();
    let rows = |tensor: tch::Tensor| Vec::<Vec<f32>>::try_from(tensor).unwrap();
    let (images, texts) = (rows(embedded.images().unwrap()), rows(embedded.texts(&probe.texts).unwrap()));
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();

    let names: Vec<String> = (0..data.len()).map(|image| data.name(image)).collect();
    for (row, (text, image)) in texts.iter().zip(&probe.images).enumerate() {
        let index = names.iter().position(|name| *name == image.name).unwrap();
        assert!(data.captions(index).contains(&probe.texts[row]), "a text belongs to its image");
        let cosine = dot(text, &images[index]);
        assert!((cosine - probe.similarity[row * 33]).abs() < 1e-4, "{row}: {cosine}");
    }
    // The ranks are those of the evaluation.
    let which = Evaluated { step: 12, split: "val", suite: "retrieval", direction: "t2i", weights: "raw" };
    let ranks = lab.reader().ranks_of(run.id, &which).unwrap().unwrap();
    let captions: Vec<&String> = (0..data.len()).flat_map(|image| data.captions(image)).collect();
    for (query, rank) in probe.queries.iter().zip(&probe.rank) {
        assert_eq!(ranks[captions.iter().position(|caption| *caption == query).unwrap()], *rank, "{query}");
    }
}

#[test]
fn a_resumed_run_records_the_probes_of_an_uninterrupted_one() {
    let _guard = serial_guard();
    let (whole, stopped) = (Lab::new(), Lab::new());
    whole.train(&spec(), None, Stop::default()).unwrap();
    stopped.train(&spec(), None, Stop::after(7)).unwrap();
    assert_eq!(probes(&stopped).iter().map(|probe| probe.step).collect::<Vec<_>>(), [5, 5]);
    stopped.train(&spec(), Some(&stopped.newest().uid), Stop::default()).unwrap();
    assert_eq!(probes(&stopped), probes(&whole));
}

#[test]
fn phases_and_system_stats_are_recorded() {
    let _guard = serial_guard();
    for run in ["", "micro_batch = 100\n"] {
        let lab = Lab::new();
        let spec = spec().replace("seed = 3\n", &format!("seed = 3\n{run}"));
        lab.train(&spec, None, Stop::default()).unwrap();
        let seconds = |phase: &str| lab.points(&format!("time/{phase}_s"));
        let update = seconds("update");
        let phases = ["forward", "backward", "optimizer"].map(seconds);
        assert!(phases.iter().all(|phase| phase.len() == update.len()));
        let sum = |points: &[(u64, f64)]| points.iter().map(|(_, seconds)| seconds).sum::<f64>();
        let (parts, all) = (phases.each_ref().map(|phase| sum(phase)), sum(&update));
        assert!(parts.iter().all(|part| *part > 0.0), "{parts:?}");
        let share = parts.iter().sum::<f64>() / all;
        assert!((0.5..=1.0).contains(&share), "{parts:?} of {all}");
        #[cfg(target_os = "linux")]
        for (metric, most) in [("system/cpu", 1.5), ("system/memory_gib", 1024.0)] {
            let points = lab.points(metric);
            assert!(points.iter().all(|(_, value)| (0.0..most).contains(value)), "{metric}: {points:?}");
        }
    }
}

#[test]
fn the_maximum_logit_scale_is_a_recorded_setting() {
    let _guard = serial_guard();
    let lab = Lab::new();
    lab.train(&spec().replace("steps = 12", "steps = 1"), None, Stop::default()).unwrap();
    let config = lab.reader().config(lab.newest().id).unwrap();
    let bound = config.iter().find(|entry| entry.key == "loss.max_scale").expect("loss.max_scale");
    assert_eq!(bound.value.parse::<f64>().unwrap(), 100.0);
}
