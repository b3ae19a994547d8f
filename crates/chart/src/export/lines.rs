//! Clipping and dashing of lines, which the backend does not support.

use super::scene::Point;
use crate::figure::clip;

/// The parts of a line within the unit square.
pub fn pieces(places: &[Point]) -> Vec<Vec<Point>> {
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    for pair in places.windows(2) {
        let Some((a, b)) = clip(pair[0], pair[1]) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&a) => piece.push(b),
            _ => pieces.push(vec![a, b]),
        }
    }
    pieces
}

/// Splits a line (in mm) into dashes; a higher `dash` gives shorter ones, 0 a solid line.
pub fn dashes(line: Vec<Point>, dash: usize) -> Vec<Vec<Point>> {
    if dash == 0 {
        return vec![line];
    }
    let (on, off) = (1.6 / dash as f64, 0.9);
    let length: f64 = line.windows(2).map(|pair| distance(pair[0], pair[1])).sum();
    let starts = (0..).map(|nth| f64::from(nth) * (on + off)).take_while(|start| *start < length);
    starts.map(|start| stretch(&line, start, start + on)).filter(|piece| piece.len() > 1).collect()
}

fn distance(a: Point, b: Point) -> f64 {
    (b.0 - a.0).hypot(b.1 - a.1)
}

/// The part of the line between two distances from its start.
fn stretch(line: &[Point], from: f64, to: f64) -> Vec<Point> {
    let (mut piece, mut walked): (Vec<Point>, f64) = (Vec::new(), 0.0);
    for pair in line.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let length = distance(a, b);
        let (first, last) = ((from - walked).max(0.0), (to - walked).min(length));
        if length > 0.0 && first < last {
            let at = |d: f64| (a.0 + d / length * (b.0 - a.0), a.1 + d / length * (b.1 - a.1));
            if piece.is_empty() {
                piece.push(at(first));
            }
            piece.push(at(last));
        }
        walked += length;
    }
    piece
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_follow_the_line_and_leave_gaps() {
        let line = vec![(0.0, 0.0), (3.0, 0.0), (3.0, 7.0)];
        assert_eq!(dashes(line.clone(), 0).concat(), line);
        let drawn = dashes(line, 1);
        // 10 mm of 1.6 on and 0.9 off.
        assert_eq!(drawn.len(), 4);
        let near = |a: Point, b: Point| (a.0 - b.0).hypot(a.1 - b.1) < 1e-9;
        assert_eq!(drawn[1].len(), 3);
        assert!(near(drawn[1][0], (2.5, 0.0)) && near(drawn[1][2], (3.0, 1.1)), "{drawn:?}");
    }

    #[test]
    fn a_line_that_leaves_the_frame_comes_back_as_another_piece() {
        let cut = pieces(&[(0.0, 0.5), (0.25, 1.5), (0.5, 0.5), (1.0, 0.5)]);
        assert_eq!(cut, [vec![(0.0, 0.5), (0.125, 1.0)], vec![(0.375, 1.0), (0.5, 0.5), (1.0, 0.5)]]);
    }
}
