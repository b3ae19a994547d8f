//! Downsamples series to a few hundred buckets each, whatever their length, with a constant number of SQL statements.

mod find;
mod group;
mod rows;
mod ticks;

use sqlx::SqliteConnection;

use crate::{
    Axis, Bucket, RunId,
    rollup::{BlockRange, block_ranges, level_for},
};
use find::FoundSeries;

/// A query for buckets.
pub struct Query<'a> {
    pub series: &'a [(RunId, &'a str)],
    pub axis: Axis,
    pub range: Option<(f64, f64)>,
    pub max_buckets: usize,
}

/// A range of blocks or points to read, of the series `of`.
pub struct Part {
    of: usize,
    range: BlockRange,
}

/// The buckets of each series; none for a metric its run does not have.
pub async fn read(
    conn: &mut SqliteConnection,
    query: &Query<'_>,
) -> Result<Vec<Option<Vec<Bucket>>>, sqlx::Error> {
    let mut answer = vec![None; query.series.len()];
    let mut found = find::all(conn, query.series).await?;
    found.iter().for_each(|series| answer[series.index] = Some(Vec::new()));
    if let Some(range) = query.range {
        ticks::restrict(conn, query.axis, range, &mut found).await?;
    }
    found.retain(|series| series.lo <= series.hi);
    let levels = levels(conn, query, &found).await?;
    let parts = parts(&found, &levels);
    let mut placed: Vec<Vec<group::PlacedBlock>> = found.iter().map(|_| Vec::new()).collect();
    rows::blocks(conn, query.axis, &found, &parts, &mut placed).await?;
    rows::points(conn, query.axis, &found, &parts, &mut placed).await?;
    for ((series, placed), level) in found.iter().zip(placed).zip(levels) {
        let zero = if query.axis == Axis::WallSeconds { series.started } else { 0.0 };
        answer[series.index] = Some(group::group(placed, level, zero));
    }
    Ok(answer)
}

/// The block level of each series; 0 if all its points fit.
async fn levels(
    conn: &mut SqliteConnection,
    query: &Query<'_>,
    found: &[FoundSeries],
) -> Result<Vec<u32>, sqlx::Error> {
    let counts = match query.range {
        None => found.iter().map(|series| series.n).collect(),
        Some(_) => find::counts(conn, found, query.max_buckets).await?,
    };
    let level = |(series, n): (&FoundSeries, i64)| match n <= query.max_buckets as i64 {
        true => 0,
        false => level_for(series.lo, series.hi, query.max_buckets),
    };
    Ok(found.iter().zip(counts).map(level).collect())
}

fn parts(found: &[FoundSeries], levels: &[u32]) -> Vec<Part> {
    let of_one = |(of, (series, level)): (usize, (&FoundSeries, &u32))| {
        block_ranges(series.lo, series.hi, *level, series.next)
            .into_iter()
            .map(move |range| Part { of, range })
    };
    found.iter().zip(levels).enumerate().flat_map(of_one).collect()
}
