//! Lines cut at the frame and into dashes, neither of which the backend does.

use super::paper::MM;
use crate::figure::clip;

/// The parts of a line inside the frame.
pub fn pieces(places: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
    for pair in places.windows(2) {
        let Some((a, b)) = clip(pair[0], pair[1]) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&a) => piece.push(b),
            _ => pieces.push(vec![a, b]),
        }
    }
    pieces
}

/// The line whole, or cut into dashes: the backend has none.
pub fn dashes(line: Vec<(i32, i32)>, dash: usize) -> Vec<Vec<(i32, i32)>> {
    if dash == 0 {
        return vec![line];
    }
    let (on, off) = (1.6 * MM / dash as f64, 0.9 * MM);
    let mut out: Vec<Vec<(i32, i32)>> = Vec::new();
    let mut walked = 0.0;
    for pair in line.windows(2) {
        let (a, b) =
            ((f64::from(pair[0].0), f64::from(pair[0].1)), (f64::from(pair[1].0), f64::from(pair[1].1)));
        let length = (b.0 - a.0).hypot(b.1 - a.1);
        let mut done = 0.0;
        while done < length {
            let phase = walked % (on + off);
            let (drawn, until) = if phase < on { (true, on - phase) } else { (false, on + off - phase) };
            let next = (done + until.max(1.0)).min(length);
            let at = |d: f64| {
                let t = d / length;
                ((a.0 + t * (b.0 - a.0)).round() as i32, (a.1 + t * (b.1 - a.1)).round() as i32)
            };
            match out.last_mut() {
                Some(piece) if drawn && piece.last() == Some(&at(done)) => piece.push(at(next)),
                _ if drawn => out.push(vec![at(done), at(next)]),
                _ => {}
            }
            walked += next - done;
            done = next;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_follow_the_line_and_leave_gaps() {
        let line = vec![(0, 0), (300, 0), (300, 700)];
        assert_eq!(dashes(line.clone(), 0).concat(), line);
        let drawn = dashes(line, 1);
        // 1000 units of 160 on and 90 off.
        assert_eq!(drawn.len(), 4);
        assert_eq!(drawn[1], [(250, 0), (300, 0), (300, 110)]);
    }

    #[test]
    fn a_line_that_leaves_the_frame_comes_back_as_another_piece() {
        let cut = pieces(&[(0.0, 0.5), (0.25, 1.5), (0.5, 0.5), (1.0, 0.5)]);
        assert_eq!(cut, [vec![(0.0, 0.5), (0.125, 1.0)], vec![(0.375, 1.0), (0.5, 0.5), (1.0, 0.5)]]);
    }
}
