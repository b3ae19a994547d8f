//! Accuracies, from the rank of each picture's class.

use clip_lab_api::prelude::*;

use crate::rank::{hit, mean};

/// The pictures that have a class, and their classes. `who` asks.
///
/// # Errors
/// When there are none.
pub fn labelled(who: &str, data: &dyn Dataset) -> Result<(Vec<i64>, Vec<i64>)> {
    let labelled = (0..data.len()).filter_map(|index| Some((index as i64, data.class(index)? as i64)));
    let (pictures, labels): (Vec<_>, Vec<_>) = labelled.unzip();
    ensure!(
        !data.classes().is_empty() && !labels.is_empty(),
        "{who} needs pictures with classes and this data set has none; take `{who}` out of [[eval]], or \
         evaluate on a data set with classes such as `emoji`"
    );
    Ok((pictures, labels))
}

/// The rows of `all` (`[N, D]`) with the numbers `rows`.
///
/// # Errors
/// Those of libtorch.
pub fn pick(all: &Tensor, rows: &[i64]) -> Result<Tensor> {
    Ok(all.f_index_select(0, &Tensor::from_slice(rows).f_to_device(all.device())?)?)
}

/// `top1`, `top5` (with more than five classes) and `mean_per_class`, named after `suite`.
///
/// `ranks`: for each picture the rank (from 0) of its class, which `labels` has, among all `classes`.
///
/// # Errors
/// When there are no pictures.
pub fn accuracies(suite: &'static str, ranks: Vec<u32>, labels: &[i64], classes: i64) -> Result<Evaluation> {
    ensure!(!labels.is_empty(), "{suite}: there are no pictures");
    let mut by_class = vec![Vec::new(); classes.max(0) as usize];
    for (&label, &rank) in labels.iter().zip(&ranks) {
        by_class[label as usize].push(rank);
    }
    by_class.retain(|ranks: &Vec<u32>| !ranks.is_empty());
    let per_class = mean(by_class.iter().map(|ranks| hit(ranks, 1)));
    let mut metrics = vec![("top1", hit(&ranks, 1)), ("mean_per_class", per_class)];
    if classes > 5 {
        metrics.insert(1, ("top5", hit(&ranks, 5)));
    }
    let metrics = metrics.into_iter().map(|(name, value)| (format!("{suite}/{name}"), value)).collect();
    Ok(Evaluation { metrics, ranks: vec![Ranks { suite, direction: Direction::ImageToClass, ranks }] })
}
