use clip_lab_plugin_api::SourceShare;

use super::*;

fn items(images: usize) -> Vec<(usize, Option<usize>)> {
    (0..images).map(|image| (image, None)).collect()
}

/// Sources of these sizes and weights, in chunks of ten.
fn sampling(sources: &[(usize, f64)], buffer: Option<usize>) -> (Sampling, usize) {
    let mut end = 0;
    let sources: Vec<SourceShare> = sources
        .iter()
        .map(|&(size, weight)| {
            end += size;
            SourceShare { images: end - size..end, weight }
        })
        .collect();
    let chunks = (0..end.div_ceil(10)).map(|chunk| chunk * 10..(chunk * 10 + 10).min(end)).collect();
    (Sampling { sources, chunks, buffer }, end)
}

#[test]
fn sources_are_mixed_by_weight_and_cycled_evenly() {
    let (sampling, total) = sampling(&[(300, 1.0), (100, 3.0)], None);
    let (sampled, items) = (Sampled::new(&sampling, &items(total)), items(total));
    let mut times = vec![0; total];
    for epoch in 0..10 {
        let drawn = sampled.epoch(&items, 5, epoch, true);
        assert_eq!(drawn, sampled.epoch(&items, 5, epoch, true), "the same each time");
        assert_eq!(drawn.len(), 400);
        let small = |items: &[Item]| items.iter().filter(|item| item.image >= 300).count();
        assert_eq!(small(&drawn), 300, "three quarters");
        assert!((60..90).contains(&small(&drawn[..100])), "mixed from the start");
        let mut numbers: Vec<u64> = drawn.iter().map(|item| item.index).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 400, "a repeated item has its own random stream");
        drawn.iter().for_each(|item| times[item.image] += 1);
    }
    assert!(times[..300].iter().all(|times| (3..=4).contains(times)), "1000 draws of 300");
    assert!(times[300..].iter().all(|times| *times == 30), "3000 draws of 100");
    assert_ne!(sampled.epoch(&items, 5, 0, true), sampled.epoch(&items, 5, 1, true));
    assert_ne!(sampled.epoch(&items, 5, 0, true), sampled.epoch(&items, 6, 0, true));
}

#[test]
fn a_shuffle_buffer_limits_the_open_chunks() {
    let (sampling, total) = sampling(&[(1000, 1.0)], Some(30));
    let items = items(total);
    let drawn = Sampled::new(&sampling, &items).epoch(&items, 1, 0, true);
    let mut images: Vec<usize> = drawn.iter().map(|item| item.image).collect();
    // The maximum number of chunks that are partially read.
    let mut spans = HashMap::<usize, (usize, usize)>::new();
    for (place, image) in images.iter().enumerate() {
        spans.entry(image / 10).or_insert((place, place)).1 = place;
    }
    let open = |place: &usize| spans.values().filter(|(from, to)| (from..=to).contains(&place)).count();
    let most = (0..total).map(|place| open(&place)).max().unwrap();
    assert!(most < 40, "{most} of 100 chunks at once");
    assert_ne!(images[..10].iter().map(|p| p / 10).collect::<Vec<_>>(), vec![images[0] / 10; 10]);
    images.sort_unstable();
    assert_eq!(images, (0..total).collect::<Vec<_>>(), "every image once");
}

#[test]
fn without_shuffling_the_sources_follow_each_other() {
    let (sampling, total) = sampling(&[(4, 1.0), (4, 1.0)], Some(3));
    let items = items(total);
    let drawn = Sampled::new(&sampling, &items).epoch(&items, 1, 0, false);
    assert_eq!(drawn.iter().map(|item| item.image).collect::<Vec<_>>(), (0..8).collect::<Vec<_>>());
}

#[test]
fn shares_are_whole_and_sum_to_the_total() {
    assert_eq!(shares(&[1.0, 1.0, 1.0], &[0..5, 5..6, 6..10], 10), [3, 4, 3]);
    assert_eq!(shares(&[2.0, 1.0], &[0..0, 0..7], 7), [0, 7], "an empty source gets none");
}
