//! Downsamples series to a few hundred buckets each, whatever their length, with a constant number of SQL statements.

mod find;
mod group;
mod rows;
mod ticks;

use sqlx::SqliteConnection;

use crate::{
    Axis, Bucket, RunId,
    rollup::{Span, cover, level_for},
};
use find::Found;

/// A query for buckets.
pub struct Ask<'a> {
    pub series: &'a [(RunId, &'a str)],
    pub axis: Axis,
    pub range: Option<(f64, f64)>,
    pub most: usize,
}

/// A range of blocks or points to read, of the series `of`.
pub struct Part {
    of: usize,
    span: Span,
}

/// The buckets of each series; none for a metric its run does not have.
pub async fn read(
    conn: &mut SqliteConnection,
    ask: &Ask<'_>,
) -> Result<Vec<Option<Vec<Bucket>>>, sqlx::Error> {
    let mut answer = vec![None; ask.series.len()];
    let mut found = find::all(conn, ask.series).await?;
    found.iter().for_each(|series| answer[series.at] = Some(Vec::new()));
    if let Some(range) = ask.range {
        ticks::narrow(conn, ask.axis, range, &mut found).await?;
    }
    found.retain(|series| series.lo <= series.hi);
    let levels = levels(conn, ask, &found).await?;
    let parts = parts(&found, &levels);
    let mut placed: Vec<Vec<group::Placed>> = found.iter().map(|_| Vec::new()).collect();
    rows::blocks(conn, ask.axis, &found, &parts, &mut placed).await?;
    rows::points(conn, ask.axis, &found, &parts, &mut placed).await?;
    for ((series, placed), level) in found.iter().zip(placed).zip(levels) {
        let zero = if ask.axis == Axis::WallSeconds { series.started } else { 0.0 };
        answer[series.at] = Some(group::group(placed, level, zero));
    }
    Ok(answer)
}

/// The block level of each series; 0 if all its points fit.
async fn levels(
    conn: &mut SqliteConnection,
    ask: &Ask<'_>,
    found: &[Found],
) -> Result<Vec<u32>, sqlx::Error> {
    let counts = match ask.range {
        None => found.iter().map(|series| series.n).collect(),
        Some(_) => find::counts(conn, found, ask.most).await?,
    };
    let level = |(series, n): (&Found, i64)| match n <= ask.most as i64 {
        true => 0,
        false => level_for(series.lo, series.hi, ask.most),
    };
    Ok(found.iter().zip(counts).map(level).collect())
}

fn parts(found: &[Found], levels: &[u32]) -> Vec<Part> {
    let of_one = |(of, (series, level)): (usize, (&Found, &u32))| {
        cover(series.lo, series.hi, *level, series.next).into_iter().map(move |span| Part { of, span })
    };
    found.iter().zip(levels).enumerate().flat_map(of_one).collect()
}
