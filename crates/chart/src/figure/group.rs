//! The curve of a group of runs: their mean with a band.

use clip_lab_stats::interval_over_seeds;

use super::{Band, Form, Rows, Series};

/// Rows drawn as one curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Direct label, without the number of runs.
    pub name: String,
    /// Palette index.
    pub colour: usize,
    /// Line style.
    pub dash: usize,
    /// Indices of the rows.
    pub members: Vec<usize>,
}

/// Groups rows of the same name, colour and line style, in order of first appearance. Name rows after their group, such as
/// the arm.
pub fn gather(rows: &[Rows]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, Rows { name, colour, dash, .. }) in rows.iter().enumerate() {
        let same = |g: &&mut Group| g.name == *name && g.colour == *colour && g.dash == *dash;
        match groups.iter_mut().find(same) {
            Some(group) => group.members.push(at),
            None => {
                groups.push(Group { name: name.clone(), colour: *colour, dash: *dash, members: vec![at] })
            }
        }
    }
    groups
}

/// A single run of a group, drawn thin and without a label.
pub fn thin(member: &Series, group: &Group) -> Series {
    let (colour, dash, lines) = (group.colour, group.dash, member.lines.clone());
    Series { colour, dash, lines, thin: true, n: 1, ..Series::default() }
}

/// The band, and the range of the metric.
type Shading = (Band, Option<(f64, f64)>);

/// The mean of `members` over the axis.
pub fn mean(members: &[&Series], group: &Group, form: Form, shading: Shading) -> Series {
    let n = members.len();
    let lasts: Vec<f64> = members.iter().filter_map(|member| member.last).collect();
    let mut bad: Vec<_> = members.iter().flat_map(|member| member.bad.iter().copied()).collect();
    bad.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut series = Series {
        name: format!("{} n={n}", group.name).trim_start().to_string(),
        colour: group.colour,
        dash: group.dash,
        n,
        bad,
        last: (!lasts.is_empty()).then(|| clip_lab_stats::mean(&lasts)),
        ..Series::default()
    };
    if let [only] = members {
        (series.lines, series.bands) = (only.lines.clone(), only.bands.clone());
    } else {
        Resampled::of(members, form, shading).draw(&mut series);
    }
    series
}

/// A run at a knot: segment of its line, value, and band.
type Sample = Option<(usize, f64, f64, f64)>;

/// Runs resampled at common knots. Between neighbouring knots every run is linear, and so is the mean.
struct Resampled {
    knots: Vec<f64>,
    /// By run, then by knot.
    samples: Vec<Vec<Sample>>,
    form: Form,
    band: Band,
    limits: Option<(f64, f64)>,
}

impl Resampled {
    fn of(members: &[&Series], form: Form, (band, limits): Shading) -> Resampled {
        let knots = knots(members);
        let samples = members.iter().map(|member| sample(member, &knots)).collect();
        Resampled { knots, samples, form, band, limits }
    }

    /// Whether one segment of the run spans from the knot to the next.
    fn covers(&self, run: &[Sample], from: usize) -> bool {
        match (run.get(from), run.get(from + 1)) {
            (Some(Some(a)), Some(Some(b))) => a.0 == b.0,
            _ => false,
        }
    }

    fn present(&self, from: usize) -> Vec<bool> {
        self.samples.iter().map(|run| self.covers(run, from)).collect()
    }

    /// Adds a segment for each interval in which the set of runs is constant.
    fn draw(&self, series: &mut Series) {
        let (mut open, mut start) = (vec![false; self.samples.len()], 0);
        for at in 0..self.knots.len() {
            let next = self.present(at);
            if next == open {
                // Isolated points belong to no segment.
                let isolated = next.iter().all(|present| !present);
                if isolated {
                    let points = self.samples.iter().map(|run| run[at].is_some()).collect::<Vec<_>>();
                    self.segment(&points, at, at, series);
                }
                continue;
            }
            self.segment(&open, start, at, series);
            (open, start) = (next, at);
        }
        // The initial number is not a change.
        series.changes.drain(..series.changes.len().min(1));
    }

    fn segment(&self, present: &[bool], from: usize, to: usize, series: &mut Series) {
        let n = present.iter().filter(|present| **present).count();
        if n == 0 {
            return;
        }
        let places = (from..=to).map(|at| (self.knots[at], self.mean_and_band(present, at)));
        let places: Vec<(f64, [f64; 3])> = places.filter(|(_, [mean, ..])| self.form.holds(*mean)).collect();
        series.lines.push(places.iter().map(|(x, [mean, ..])| (*x, *mean)).collect());
        // A single seed has no interval: the band stops.
        if self.band == Band::MinMax || self.band == Band::Interval && n > 1 {
            series.bands.push(places.iter().map(|(x, [_, low, high])| (*x, *low, *high)).collect());
        }
        let before = series.changes.last().map(|(_, n)| *n);
        if before != Some(n) {
            series.changes.push((self.knots[from], n));
        }
    }

    /// Mean, lower and upper bound over the runs present at a knot.
    fn mean_and_band(&self, present: &[bool], at: usize) -> [f64; 3] {
        let runs = self.samples.iter().zip(present).filter(|(_, present)| **present);
        let found: Vec<(f64, f64, f64)> =
            runs.filter_map(|(run, _)| run[at]).map(|(_, value, low, high)| (value, low, high)).collect();
        let values: Vec<f64> = found.iter().map(|(value, ..)| *value).collect();
        let mean = clip_lab_stats::mean(&values);
        let (low, high) = if self.band == Band::Interval {
            // A t interval may exceed the range of the metric.
            let inside = |value: f64| self.limits.map_or(value, |(low, high)| value.max(low).min(high));
            let interval = interval_over_seeds(&values);
            interval.map_or((mean, mean), |interval| (inside(interval.low), inside(interval.high)))
        } else {
            found.iter().fold((mean, mean), |(low, high), (_, l, h)| (low.min(*l), high.max(*h)))
        };
        [mean, if self.form.holds(low) { low } else { mean }, high]
    }
}

/// The union of all x positions, thinned to about twice the number of points of the longest run.
fn knots(members: &[&Series]) -> Vec<f64> {
    let longest = members.iter().map(|m| m.lines.iter().map(Vec::len).sum::<usize>()).max().unwrap_or(0);
    let mut knots: Vec<f64> = members.iter().flat_map(|m| m.lines.iter().flatten()).map(|p| p.0).collect();
    knots.sort_by(f64::total_cmp);
    knots.dedup();
    let (Some(first), Some(last)) = (knots.first().copied(), knots.last().copied()) else { return knots };
    if knots.len() > 2 * longest {
        let least = (last - first) / (2 * longest) as f64;
        let mut before = f64::NEG_INFINITY;
        knots.retain(|x| {
            let kept = x - before >= least || *x == last;
            before = if kept { *x } else { before };
            kept
        });
    }
    knots
}

/// The run at every knot: interpolated linearly within its segments, never extrapolated.
fn sample(member: &Series, knots: &[f64]) -> Vec<Sample> {
    let mut out = vec![None; knots.len()];
    for (number, line) in member.lines.iter().enumerate() {
        let band = member.bands.get(number);
        let (Some(first), Some(last)) = (line.first(), line.last()) else { continue };
        let mut right = 0;
        let from = knots.partition_point(|x| *x < first.0);
        for (x, slot) in knots.iter().zip(&mut out).skip(from).take_while(|(x, _)| **x <= last.0) {
            while right + 1 < line.len() && line[right].0 < *x {
                right += 1;
            }
            let left = right.saturating_sub(usize::from(line[right].0 > *x));
            let wide = line[right].0 - line[left].0;
            let t = if wide > 0.0 { (x - line[left].0) / wide } else { 0.0 };
            let between = |a: f64, b: f64| a + t * (b - a);
            let value = between(line[left].1, line[right].1);
            let (low, high) = match band {
                Some(band) => (between(band[left].1, band[right].1), between(band[left].2, band[right].2)),
                None => (value, value),
            };
            *slot = Some((number, value, low, high));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: &[(f64, f64)]) -> Series {
        let bands = vec![points.iter().map(|(x, y)| (*x, y - 0.5, y + 0.5)).collect()];
        Series { lines: vec![points.to_vec()], bands, last: points.last().map(|p| p.1), ..Series::default() }
    }

    fn of(members: &[Series], band: Band) -> Series {
        let group = Group { name: "vit".to_string(), colour: 1, dash: 0, members: Vec::new() };
        mean(&members.iter().collect::<Vec<_>>(), &group, Form::Linear, (band, None))
    }

    #[test]
    fn the_band_is_the_t_interval_of_the_seeds_at_every_place() {
        let seeds = [1.0, 2.0, 4.0].map(|y| line(&[(0.0, y), (10.0, y)]));
        let curve = of(&seeds, Band::Interval);
        assert_eq!((curve.name.as_str(), curve.n), ("vit n=3", 3));
        let middle = 7.0 / 3.0;
        // sd 1.5275, over the root of three, times 4.3027 of two degrees of freedom.
        let half = 4.302653 * (7.0_f64 / 3.0).sqrt() / 3.0_f64.sqrt();
        for (x, low, high) in &curve.bands[0] {
            assert!((low - (middle - half)).abs() < 1e-5 && (high - (middle + half)).abs() < 1e-5, "{x}");
        }
        assert!(curve.lines[0].iter().all(|(_, y)| (y - middle).abs() < 1e-12));
        assert_eq!(of(&seeds, Band::MinMax).bands[0][0], (0.0, 0.5, 4.5));
        assert!((curve.last.unwrap() - middle).abs() < 1e-12);
    }

    #[test]
    fn the_interval_of_a_share_is_clamped() {
        let seeds = [0.9, 0.99, 0.5].map(|y| line(&[(0.0, y), (10.0, y)]));
        let group = Group { name: "vit".to_string(), colour: 1, dash: 0, members: Vec::new() };
        let seeds: Vec<&Series> = seeds.iter().collect();
        let band = |limits| mean(&seeds, &group, Form::Linear, (Band::Interval, limits)).bands[0][0];
        assert!(band(None).2 > 1.0, "{:?}", band(None));
        assert_eq!(band(Some((0.0, 1.0))), (0.0, band(None).1.max(0.0), 1.0));
    }

    #[test]
    fn runs_are_interpolated_and_never_extrapolated() {
        let curve = of(&[line(&[(0.0, 0.0), (10.0, 10.0)]), line(&[(2.0, 4.0), (6.0, 8.0)])], Band::Interval);
        assert_eq!(
            curve.lines,
            [vec![(0.0, 0.0), (2.0, 2.0)], vec![(2.0, 3.0), (6.0, 7.0)], vec![(6.0, 6.0), (10.0, 10.0)]]
        );
        assert_eq!(curve.changes, [(2.0, 2), (6.0, 1)]);
        assert_eq!(curve.bands.len(), 1, "no interval of a single seed");
    }

    #[test]
    fn a_gap_of_one_seed_stays_a_gap_of_that_seed() {
        let mut gap = line(&[(0.0, 0.0), (1.0, 0.0)]);
        gap.lines.push(vec![(3.0, 0.0), (4.0, 0.0)]);
        gap.bands.push(vec![(3.0, 0.0, 0.0), (4.0, 0.0, 0.0)]);
        let curve = of(&[gap, line(&[(0.0, 2.0), (4.0, 2.0)])], Band::MinMax);
        assert_eq!(curve.changes, [(1.0, 1), (3.0, 2)]);
        assert_eq!(curve.lines[1], [(1.0, 2.0), (3.0, 2.0)]);
    }

    #[test]
    fn one_run_is_drawn_as_it_is() {
        let one = of(&[line(&[(0.0, 1.0), (1.0, 2.0)])], Band::Interval);
        assert_eq!((one.name.as_str(), one.n), ("vit n=1", 1));
        assert_eq!(one.bands[0], [(0.0, 0.5, 1.5), (1.0, 1.5, 2.5)]);
    }

    #[test]
    fn many_knots_are_thinned() {
        let members: Vec<Series> = (0..10)
            .map(|m| line(&(0..100).map(|i| (f64::from(i) + f64::from(m) / 10.0, 1.0)).collect::<Vec<_>>()))
            .collect();
        let curve = of(&members, Band::Interval);
        assert!(curve.lines.iter().map(Vec::len).sum::<usize>() <= 230);
        assert!(curve.lines.iter().flatten().all(|(_, y)| *y == 1.0));
    }
}
