//! Ranks in both directions from one product of images and captions, tile by tile.

use std::ops::Range;

use anyhow::{Result, ensure};
use clip_lab_torch_ext::Products;
use tch::{Device, Kind as DType, Tensor, kind::Element};

use super::{
    blocks::{Block, blocks},
    fits, ready,
    tile::{Pairs, Tile},
};

/// Captions per image of a tile: tiles are wider than high, since their rows are scanned.
const WIDER: usize = 4;

/// Both ranks of every caption, in caption order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Both {
    /// The rank (from 0) of its image among all images.
    pub image: Vec<u32>,
    /// Its own rank (from 0) among all captions, with its image as the query.
    pub caption: Vec<u32>,
}

/// Ranks as [`super::ranks`] defines them, in both directions.
///
/// `images` `[N, D]`, `captions` `[M, D]`, `owner` `[M]` int64: the image of each caption. `rows` images are compared
/// with `4 * rows` captions at a time, and no more scores than that are in memory. Each score is computed once and
/// counted in both directions while it is in the cache; scores of captions with their own images are computed twice,
/// since all others are compared with them.
pub fn both(images: &Tensor, captions: &Tensor, owner: &Tensor, rows: usize) -> Result<Both> {
    let (images, captions) = (ready(images)?, ready(captions)?);
    fits(&captions, &images, owner)?;
    match images.kind() {
        DType::Double => Grid::<f64>::new(images, captions, owner, rows)?.count(),
        _ => Grid::<f32>::new(images, captions, owner, rows)?.count(),
    }
}

/// Images in rows, captions in columns. Captions are sorted by image.
struct Grid<T> {
    images: Tensor,
    captions: Tensor,
    /// Original index of each caption.
    order: Vec<usize>,
    /// The image of each caption, ascending.
    owner: Vec<usize>,
    /// The first caption of each image, then the number of captions.
    first: Vec<usize>,
    down: Vec<Block>,
    across: Vec<Block>,
    products: Products<T>,
}

impl<T: Element + PartialOrd + Copy> Grid<T> {
    fn new(images: Tensor, captions: Tensor, owner: &Tensor, rows: usize) -> Result<Self> {
        let owner = Vec::<i64>::try_from(owner.f_to_device(Device::Cpu)?)?;
        let mut order: Vec<usize> = (0..owner.len()).collect();
        order.sort_by_key(|&caption| owner[caption]);
        let sorted = order.iter().enumerate().all(|(place, &caption)| place == caption);
        let captions = if sorted { captions } else { picked(&captions, &order)? };
        let owner: Vec<usize> = order.iter().map(|&caption| owner[caption] as usize).collect();
        let count = images.size()[0] as usize;
        let first = (0..=count).map(|image| owner.partition_point(|&of| of < image)).collect();
        let rows = rows.max(1);
        let (down, across) = (blocks(count, rows), blocks(owner.len(), WIDER * rows));
        let tile = |blocks: &[Block]| blocks.first().map_or(0, |block| block.len);
        let products = Products::new(tile(&down) * tile(&across))?;
        Ok(Self { images, captions, order, owner, first, down, across, products })
    }

    fn count(mut self) -> Result<Both> {
        let own = self.own()?;
        let pairs = Pairs { own: &own, first: &self.first, order: &self.order };
        let mut ranks = Both { image: vec![0; own.len()], caption: vec![0; own.len()] };
        for down in &self.down {
            for across in &self.across {
                let scores = self.products.of(&part(&self.images, down)?, &part(&self.captions, across)?)?;
                Tile { scores, down, across }.count(&pairs, &mut ranks);
            }
        }
        Ok(Both { image: self.back(&ranks.image), caption: self.back(&ranks.caption) })
    }

    /// The score of each caption with its image, from the same tiles as the other scores.
    fn own(&mut self) -> Result<Vec<T>> {
        let mut own = Vec::with_capacity(self.owner.len());
        for rows in &self.down {
            let range = self.first[rows.fresh.start]..self.first[rows.fresh.end];
            for columns in self.across.iter().filter(|columns| overlap(&columns.fresh, &range)) {
                let scores = self.products.of(&part(&self.images, rows)?, &part(&self.captions, columns)?)?;
                let here = range.start.max(columns.fresh.start)..range.end.min(columns.fresh.end);
                let score = |caption: usize| {
                    scores[(self.owner[caption] - rows.from) * columns.len + caption - columns.from]
                };
                own.extend(here.map(score));
            }
        }
        ensure!(
            own.len() == self.owner.len(),
            "ranks: {} of {} captions have a score",
            own.len(),
            self.owner.len()
        );
        Ok(own)
    }

    /// Counts in the original order of the captions.
    fn back(&self, counts: &[u32]) -> Vec<u32> {
        let mut found = vec![0; counts.len()];
        self.order.iter().zip(counts).for_each(|(&place, &count)| found[place] = count);
        found
    }
}

fn part(all: &Tensor, block: &Block) -> Result<Tensor> {
    Ok(all.f_narrow(0, block.from as i64, block.len as i64)?)
}

fn picked(all: &Tensor, rows: &[usize]) -> Result<Tensor> {
    let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
    Ok(all.f_index_select(0, &Tensor::from_slice(&rows).f_to_device(all.device())?)?)
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start.max(b.start) < a.end.min(b.end)
}
