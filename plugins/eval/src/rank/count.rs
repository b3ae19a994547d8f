//! Counting the scores ranked before a given score. The loops are simple so that the compiler vectorises them, with the
//! caller's register width: hence always inlined.

/// Number of `scores` ranked before `own`: the higher ones, and of the equal ones those whose index satisfies `before`.
#[inline(always)]
pub fn ahead<T: PartialOrd + Copy>(scores: &[T], own: T, before: impl Fn(usize) -> bool) -> u32 {
    let (mut higher, mut equal) = (0, 0);
    for &score in scores {
        higher += u32::from(score > own);
        equal += u32::from(score == own);
    }
    if equal == 0 {
        return higher;
    }
    let tied = scores.iter().enumerate().filter(|(index, score)| **score == own && before(*index));
    higher + tied.count() as u32
}

/// Increments each count whose own score is below its score in `row`.
#[inline(always)]
pub fn add_higher<T: PartialOrd + Copy>(row: &[T], own: &[T], counts: &mut [u32]) {
    for ((count, &score), &own) in counts.iter_mut().zip(row).zip(own) {
        *count += u32::from(score > own);
    }
}

/// Increments each count whose own score is not above its score in `row`.
#[inline(always)]
pub fn add_higher_or_equal<T: PartialOrd + Copy>(row: &[T], own: &[T], counts: &mut [u32]) {
    for ((count, &score), &own) in counts.iter_mut().zip(row).zip(own) {
        *count += u32::from(score >= own);
    }
}

/// Index of the highest score; ties go to the lowest index.
pub fn first<T: PartialOrd + Copy>(scores: &[T]) -> usize {
    let higher = |best: usize, index: usize| if scores[index] > scores[best] { index } else { best };
    (0..scores.len()).reduce(higher).unwrap_or(0)
}
