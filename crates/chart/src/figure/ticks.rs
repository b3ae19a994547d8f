//! Ticks at round values, with the shortest distinct labels.

use super::{Form, Scale};

/// The unit of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// Plain numbers.
    #[default]
    Number,
    /// Seconds, formatted as `30s`, `5m`, `1h30`.
    Seconds,
}

/// A tick with its label.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The value it marks.
    pub at: f64,
    /// Its label.
    pub label: String,
}

const NICE_SECONDS: [f64; 18] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10800.0,
    21600.0, 43200.0, 86400.0,
];

/// About `wanted` ticks at most within `scale`, ascending.
pub fn ticks(scale: &Scale, unit: Unit, wanted: usize) -> Vec<Tick> {
    let wanted = wanted.clamp(1, 50);
    let found = match scale.form {
        Form::Linear => Vec::new(),
        Form::Log => decades(scale, wanted),
        Form::Symlog(threshold) => symlog_decades(scale, threshold, wanted),
    };
    if found.len() >= 2 {
        return found.iter().map(|at| Tick { at: *at, label: number(*at) }).collect();
    }
    even(scale, unit, wanted)
}

fn even(scale: &Scale, unit: Unit, wanted: usize) -> Vec<Tick> {
    let rough = (scale.high / wanted as f64 - scale.low / wanted as f64).max(f64::MIN_POSITIVE);
    let step = match unit {
        Unit::Seconds => {
            NICE_SECONDS.into_iter().find(|s| *s >= rough && rough > 0.5).unwrap_or_else(|| round(rough))
        }
        Unit::Number => round(rough),
    };
    let (first, last) = ((scale.low / step - 1e-9).ceil(), (scale.high / step + 1e-9).floor());
    // Beyond 2^53 steps from zero neighbouring ticks are equal: use the ends.
    let at: Vec<f64> = match last - first {
        n if n.is_finite() && (0.0..200.0).contains(&n) && first.abs() < 1e15 => {
            (0..=n as usize).map(|i| (first + i as f64) * step).collect()
        }
        _ => vec![scale.low, scale.high],
    };
    let size = at.iter().fold(0.0_f64, |size, at| size.max(at.abs()));
    at.into_iter().map(|at| Tick { at, label: label(at, step, size, unit) }).collect()
}

/// The smallest of 1, 2 or 5 times a power of ten that is at least `rough`.
fn round(rough: f64) -> f64 {
    let power = 10.0_f64.powf(rough.log10().floor());
    let nice = [1.0, 2.0, 5.0, 10.0].into_iter().find(|m| m * power >= rough * (1.0 - 1e-9)).unwrap_or(10.0);
    nice * power
}

/// Powers of ten, thinned to `wanted`, or with multiples of 2 and 5 (or 3) if there are few.
fn decades(scale: &Scale, wanted: usize) -> Vec<f64> {
    let (low, high) = (scale.low.log10().floor() as i32, scale.high.log10().ceil() as i32);
    let inside = |at: &f64| *at >= scale.low * (1.0 - 1e-9) && *at <= scale.high * (1.0 + 1e-9);
    let fill = |parts: &[f64]| -> Vec<f64> {
        let all = (low..=high).flat_map(|power| parts.iter().map(move |part| part * 10.0_f64.powi(power)));
        all.filter(inside).collect()
    };
    for parts in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
        let found = fill(parts);
        if found.len() <= wanted {
            return found;
        }
    }
    let every = (fill(&[1.0]).len().div_ceil(wanted)).max(1);
    fill(&[1.0]).into_iter().filter(|at| (at.log10().round() as i64).rem_euclid(every as i64) == 0).collect()
}

/// Zero and the decades from the threshold outwards, thinned to `wanted`.
fn symlog_decades(scale: &Scale, threshold: f64, wanted: usize) -> Vec<f64> {
    let size = scale.low.abs().max(scale.high.abs());
    let last = (size / threshold).log10().floor().clamp(-1.0, 640.0) as i32;
    let fill = |every: usize| -> Vec<f64> {
        let up = (0..=last).step_by(every).map(|power| threshold * 10.0_f64.powi(power));
        let mut all: Vec<f64> = up.flat_map(|at| [-at, at]).chain([0.0]).collect();
        all.retain(|at| (scale.low..=scale.high).contains(at));
        all.sort_by(f64::total_cmp);
        all
    };
    let found = (1..=last.max(0) as usize + 1).map(fill).find(|found| found.len() <= wanted);
    found.unwrap_or_else(|| fill(usize::MAX))
}

fn label(at: f64, step: f64, size: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds if step >= 1.0 && size < 1e12 => clock(at, step),
        _ if at.abs() < step / 2.0 => "0".to_string(),
        _ if !(1e-3..1e15).contains(&size) => {
            scientific(at, (at.abs() / step).log10().floor().clamp(0.0, 8.0) as usize)
        }
        _ if size >= 1e4 => {
            let (of, letter) = thousands(size);
            format!("{:.*}{letter}", decimals(step / of), at / of)
        }
        _ => format!("{:.*}", decimals(step), at),
    }
}

/// Decimals needed for multiples of `step`.
fn decimals(step: f64) -> usize {
    (-(step.log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize
}

fn thousands(size: f64) -> (f64, &'static str) {
    let units = [(1e12, "T"), (1e9, "G"), (1e6, "M")];
    units.into_iter().find(|(of, _)| size >= *of).unwrap_or((1e3, "k"))
}

fn scientific(value: f64, digits: usize) -> String {
    format!("{value:.digits$e}")
}

fn clock(at: f64, step: f64) -> String {
    let sign = if at < 0.0 { "-" } else { "" };
    let s = at.abs().round() as u64;
    let (d, h, m) = (s / 86_400, s / 3_600, s / 60);
    sign.to_string()
        + &match s {
            0 => "0".to_string(),
            _ if step >= 86_400.0 => format!("{d}d"),
            _ if d >= 2 => format!("{d}d{}h", h % 24),
            _ if h >= 1 && m.is_multiple_of(60) => format!("{h}h"),
            _ if h >= 1 => format!("{h}h{:02}", m % 60),
            _ if m >= 1 && s.is_multiple_of(60) => format!("{m}m"),
            _ if m >= 1 => format!("{m}m{:02}", s % 60),
            _ => format!("{s}s"),
        }
}

/// Formats a number for a table: four significant digits, abbreviated if very large or very small.
pub fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if value.is_nan() => "NaN".to_string(),
        _ if value.is_infinite() => if value > 0.0 { "inf" } else { "-inf" }.to_string(),
        0.0 => "0".to_string(),
        _ if !(1e-3..1e15).contains(&size) => tidy(&scientific(value, 2)),
        _ if size >= 1e4 => {
            let (of, letter) = thousands(size);
            format!("{}{letter}", trimmed(value / of, 1))
        }
        _ => trimmed(value, (3 - size.log10().floor() as i32).clamp(0, 6) as usize),
    }
}

fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// Shortens `1.00e-5` to `1e-5`.
fn tidy(text: &str) -> String {
    match text.split_once('e') {
        Some((digits, power)) if digits.contains('.') => {
            format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text.to_string(),
    }
}

/// Formats a duration: `41s`, `12m05s`, `1h05m`, `2d03h`.
pub fn span(seconds: f64) -> String {
    if !(0.0..=1e9).contains(&seconds) {
        return "–".to_string();
    }
    let s = seconds.round() as u64;
    match s {
        0..60 => format!("{s}s"),
        60..3_600 => format!("{}m{:02}s", s / 60, s % 60),
        3_600..86_400 => format!("{}h{:02}m", s / 3_600, s % 3_600 / 60),
        _ => format!("{}d{:02}h", s / 86_400, s % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(low: f64, high: f64, log: bool, unit: Unit) -> String {
        let form = if log { Form::Log } else { Form::Linear };
        let found = ticks(&Scale::over(low, high, form), unit, 5);
        found.into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn labels_are_round_and_no_longer_than_needed() {
        assert_eq!(labels(0.0, 10.0, false, Unit::Number), "0 2 4 6 8 10");
        assert_eq!(labels(0.8, 6.1, false, Unit::Number), "2 4 6");
        assert_eq!(labels(0.81, 0.93, false, Unit::Number), "0.85 0.90");
        assert_eq!(labels(0.0, 10_000.0, false, Unit::Number), "0 2k 4k 6k 8k 10k");
        assert_eq!(labels(0.0, 1.2e6, false, Unit::Number), "0 0.5M 1.0M");
        assert_eq!(labels(0.0, 1e-5, false, Unit::Number), "0 2e-6 4e-6 6e-6 8e-6 1e-5");
        assert_eq!(labels(-1.0, 1.0, false, Unit::Number), "-1.0 -0.5 0 0.5 1.0");
    }

    #[test]
    fn logarithmic_ticks_are_decades_or_their_parts() {
        assert_eq!(labels(1e-4, 1.0, true, Unit::Number), "1e-4 0.001 0.01 0.1 1");
        assert_eq!(labels(0.5, 6.0, true, Unit::Number), "0.5 1 2 5");
        assert_eq!(labels(1e-12, 1e12, true, Unit::Number), "1e-10 1e-5 1 100k 10G");
        assert_eq!(labels(3.1, 3.9, true, Unit::Number), "3.2 3.4 3.6 3.8");
    }

    #[test]
    fn a_symmetric_logarithm_has_zero_and_decades_to_both_sides() {
        let shown = |low, high, threshold| {
            let found = ticks(&Scale::over(low, high, Form::Symlog(threshold)), Unit::Number, 7);
            found.into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(-100.0, 100.0, 1.0), "-100 -10 -1 0 1 10 100");
        assert_eq!(shown(-1e6, 1e3, 1.0), "-1M -10k -100 -1 0 1 100");
        assert_eq!(shown(0.0, 0.5, 1.0), "0 0.1 0.2 0.3 0.4 0.5");
    }

    #[test]
    fn time_is_formatted_for_people() {
        assert_eq!(labels(0.0, 100.0, false, Unit::Seconds), "0 30s 1m 1m30");
        assert_eq!(labels(0.0, 9000.0, false, Unit::Seconds), "0 30m 1h 1h30 2h 2h30");
        assert_eq!(labels(0.0, 2.0, false, Unit::Seconds), "0 0.5 1.0 1.5 2.0");
        assert_eq!([span(41.2), span(725.0), span(3900.0), span(-1.0)], ["41s", "12m05s", "1h05m", "–"]);
    }

    #[test]
    fn table_numbers_keep_four_digits() {
        let shown = [1.10423, 0.012345, 1e-5, 0.0, 57.912, 12345.0, f64::NAN, 1.0].map(number);
        assert_eq!(shown, ["1.104", "0.01235", "1e-5", "0", "57.91", "12.3k", "NaN", "1"]);
    }

    proptest! {
        #[test]
        fn ticks_lie_inside_rise_and_differ(low in -1e9f64..1e9, size in 1e-6f64..1e9, form in 0usize..3, wanted in 1usize..20) {
            let form = [Form::Linear, Form::Log, Form::Symlog(1e-3)][form];
            let scale = Scale::over(low, low + size, form);
            let found = ticks(&scale, Unit::Number, wanted);
            prop_assert!(!found.is_empty() && found.len() <= wanted + 2, "{:?}", found);
            let slack = (scale.high - scale.low) * 1e-6;
            prop_assert!(found.iter().all(|t| t.at >= scale.low - slack && t.at <= scale.high + slack));
            prop_assert!(found.windows(2).all(|w| w[0].at < w[1].at));
        }
    }
}
