//! Reads blocks and points of many series, one statement each: a statement costs more than its rows.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Row, SqliteConnection, sqlite::SqliteRow};

use super::{Part, find::FoundSeries, group::PlacedBlock, ticks};
use crate::{
    Axis,
    reader::{
        fetch::{fetch_batched, json_list},
        points::{block, value},
    },
    rollup::Block,
};

/// Adds the stored blocks.
pub async fn blocks(
    conn: &mut SqliteConnection,
    axis: Axis,
    found: &[FoundSeries],
    parts: &[Part],
    placed: &mut [Vec<PlacedBlock>],
) -> Result<(), sqlx::Error> {
    let sql = "SELECT tick0, tick1, n, n_bad, min, max, sum, first, last, s.key
               FROM json_each(?) s CROSS JOIN rollup r ON r.series = s.value ->> 0 AND r.level = s.value ->> 1
                 AND r.bucket BETWEEN s.value ->> 2 AND s.value ->> 3";
    let parts: Vec<&Part> = parts.iter().filter(|part| part.range.level > 0).collect();
    let list = |part: &&Part| (found[part.of].series, part.range.level, part.range.from, part.range.to);
    let list: Vec<_> = parts.iter().map(list).collect();
    let rows: Vec<SqliteRow> =
        fetch_batched(sqlx::query(sql).bind(json_list(&list)).fetch_all(&mut *conn)).await?;
    let of = |row: &SqliteRow| Ok((parts[row.try_get::<i64, _>(9)? as usize].of, block(row)?));
    let blocks: Vec<(usize, Block)> = rows.iter().map(of).collect::<Result<_, sqlx::Error>>()?;
    let ends = |(of, b): &(usize, Block)| [(found[*of].run, b.tick0), (found[*of].run, b.tick1)];
    let x_of = ticks::x_of_ticks(conn, axis, &blocks.iter().flat_map(ends).collect::<BTreeSet<_>>()).await?;
    for (of, block) in blocks {
        let at = |tick| x_of.get(&(found[of].run, tick)).copied();
        if let (Some(x0), Some(x1)) = (at(block.tick0), at(block.tick1)) {
            placed[of].push(PlacedBlock { block, x0, x1 });
        }
    }
    Ok(())
}

/// Adds the points of ranges without blocks.
pub async fn points(
    conn: &mut SqliteConnection,
    axis: Axis,
    found: &[FoundSeries],
    parts: &[Part],
    placed: &mut [Vec<PlacedBlock>],
) -> Result<(), sqlx::Error> {
    let sql = format!(
        "SELECT s.key, p.tick, p.value, p.flag, {} FROM json_each(?) s
         CROSS JOIN point p ON p.series = s.value ->> 0 AND p.tick BETWEEN s.value ->> 2 AND s.value ->> 3
         CROSS JOIN tick t ON t.run = s.value ->> 1 AND t.tick = p.tick AND t.superseded_by IS NULL",
        ticks::column(axis)
    );
    let parts: Vec<&Part> = parts.iter().filter(|part| part.range.level == 0).collect();
    let list = |part: &&Part| (found[part.of].series, found[part.of].run, part.range.from, part.range.to);
    let list: Vec<_> = parts.iter().map(list).collect();
    let query = sqlx::query_as(AssertSqlSafe(sql)).bind(json_list(&list));
    let rows: Vec<(i64, i64, Option<f64>, i64, f64)> = fetch_batched(query.fetch_all(conn)).await?;
    for (part, tick, v, flag, x) in rows {
        let block = Block::of(tick, value(v, flag));
        placed[parts[part as usize].of].push(PlacedBlock { block, x0: x, x1: x });
    }
    Ok(())
}
