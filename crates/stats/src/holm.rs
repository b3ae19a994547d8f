//! Correction for multiple comparisons.

/// Holm-Bonferroni correction: the adjusted p-values, in the given order.
///
/// `max over the smaller ones of min(1, (m - i) * p_(i))`, i from 0 (S. Holm, *A simple sequentially rejective multiple
/// test procedure*, Scandinavian Journal of Statistics 6, 1979). Valid under any dependence between the tests.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![0.0; p.len()];
    let mut least = 0.0_f64;
    for (place, at) in order.into_iter().enumerate() {
        least = least.max(((p.len() - place) as f64 * p[at]).min(1.0));
        corrected[at] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_matches_r() {
        let close = |p: &[f64], expected: &[f64]| {
            let found = holm(p);
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
            assert_eq!(found.len(), expected.len());
        };
        // p.adjust(c(...), "holm")
        close(&[0.01, 0.04, 0.03, 0.005], &[0.03, 0.06, 0.06, 0.02]);
        close(&[0.6, 0.7], &[1.0, 1.0]);
        close(&[0.2], &[0.2]);
        close(&[], &[]);
    }
}
