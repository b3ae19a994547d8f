//! Ranks compared with a stable sort, for many shapes, orders and ties.

use plugins_eval::{both, ranks};
use proptest::prelude::*;
use tch::{Kind, Tensor};

/// The position of `right` after a stable sort of a query's scores.
fn place(scores: &[f64], right: usize) -> u32 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order.iter().position(|&other| other == right).unwrap() as u32
}

/// Rows of small whole numbers: their products are exact and often equal.
fn matrix(rows: usize) -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(-2i64..3, rows * 3)
}

#[derive(Debug, Clone)]
struct Case {
    images: Vec<i64>,
    captions: Vec<i64>,
    owner: Vec<i64>,
    rows: usize,
    kind: Kind,
}

fn case() -> impl Strategy<Value = Case> {
    (1usize..20, 1usize..50).prop_flat_map(|(n, m)| {
        let owner = prop::collection::vec(0..n as i64, m);
        let kind = prop::sample::select(vec![Kind::Float, Kind::Double]);
        (matrix(n), matrix(m), owner, any::<bool>(), 1usize..12, kind).prop_map(
            |(images, captions, mut owner, sorted, rows, kind)| {
                if sorted {
                    owner.sort_unstable();
                }
                Case { images, captions, owner, rows, kind }
            },
        )
    })
}

fn tensor(numbers: &[i64], kind: Kind) -> Tensor {
    Tensor::from_slice(numbers).view([-1, 3]).to_kind(kind)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn ranks_are_those_of_a_stable_sort_in_both_directions(case in case()) {
        let score = |image: usize, caption: usize| {
            let pairs = case.images[3 * image..][..3].iter().zip(&case.captions[3 * caption..][..3]);
            pairs.map(|(a, b)| a * b).sum::<i64>() as f64
        };
        let (n, m) = (case.images.len() / 3, case.captions.len() / 3);
        let of_caption = |caption: usize| {
            let scores: Vec<f64> = (0..n).map(|image| score(image, caption)).collect();
            place(&scores, case.owner[caption] as usize)
        };
        let of_image = |caption: usize| {
            let scores: Vec<f64> = (0..m).map(|other| score(case.owner[caption] as usize, other)).collect();
            place(&scores, caption)
        };
        let want: Vec<u32> = (0..m).map(of_caption).collect();
        let (images, captions) = (tensor(&case.images, case.kind), tensor(&case.captions, case.kind));
        let owner = Tensor::from_slice(&case.owner);
        let found = both(&images, &captions, &owner, case.rows).unwrap();
        prop_assert_eq!(&found.image, &want);
        prop_assert_eq!(found.caption, (0..m).map(of_image).collect::<Vec<_>>());
        prop_assert_eq!(ranks(&captions, &images, &owner, case.rows).unwrap(), want);
    }
}

/// All embeddings are equal, with values whose float sums are inexact: scores must be equal at every position.
#[test]
fn equal_embeddings_tie_at_every_position() {
    for (images, captions, width, rows) in [(70, 210, 512, 16), (300, 1111, 100, 64), (129, 517, 37, 256)] {
        let one = crate::support::random(1, width, 5) / 7.0;
        let owner: Vec<i64> = (0..captions).map(|caption| caption * images / captions).collect();
        let (images, captions) = (one.repeat([images, 1]), one.repeat([captions, 1]));
        let found = both(&images, &captions, &Tensor::from_slice(&owner), rows).unwrap();
        let want: Vec<u32> = owner.iter().map(|&owner| owner as u32).collect();
        assert_eq!(found.image, want, "{width} by {rows}");
        assert_eq!(found.caption, (0..owner.len() as u32).collect::<Vec<_>>(), "{width} by {rows}");
    }
}
