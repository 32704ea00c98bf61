//! `compare.html`: all runs of a sweep over each other, with the figures and where they part. One
//! file that needs no other, as the page of a run is.

use std::io;

use serde::Serialize;

use crate::report::template::Template;
use crate::scenario::{Curve, Quantity};

use super::figures::Figures;
use super::judge::Claim;
use super::part::Part;

/// The name of the file in its folder.
pub const OVERLAY: &str = "compare.html";

/// Where a variant parts from the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parted {
    /// Which, from 0.
    pub variant: usize,
    /// When, in nanoseconds; `None` if it never does.
    pub at: Option<u64>,
    /// In words, a line each.
    pub said: Vec<String>,
}

/// What the script reads.
#[derive(Debug, Serialize)]
struct Data<'a> {
    variants: Vec<&'a str>,
    /// How many seeds there are.
    seeds: usize,
    /// Those whose runs are drawn.
    drawn: &'a [u64],
    /// The one with which variants are held to each other.
    seed: Option<u64>,
    rows: &'a [Figures],
    claims: Vec<Told<'a>>,
    note: Option<&'a str>,
    partings: &'a [Parted],
    lines: Vec<Line<'a>>,
}

#[derive(Debug, Serialize)]
struct Told<'a> {
    that: &'a str,
    held: bool,
    values: &'a [String],
}

/// A curve of a run.
#[derive(Debug, Serialize)]
struct Line<'a> {
    variant: usize,
    seed: u64,
    what: Quantity,
    of: &'a str,
    curve: &'a Curve,
}

/// The whole file.
///
/// # Errors
///
/// None but those of writing into memory, which has no case.
pub fn page(
    part: &Part,
    rows: &[Figures],
    claims: &[Claim],
    partings: &[Parted],
    note: Option<&str>,
) -> io::Result<String> {
    let seeds = &part.sweep.seeds;
    let drawn = &seeds[..seeds.len().min(SEEDS_DRAWN)];
    let runs = part.runs.iter().filter(|run| drawn.contains(&run.seed));
    let lines = runs.flat_map(|run| {
        run.curves.iter().map(|traced| Line {
            variant: run.variant,
            seed: run.seed,
            what: traced.what,
            of: &traced.of,
            curve: &traced.curve,
        })
    });
    let data = Data {
        variants: part
            .sweep
            .variants
            .iter()
            .map(|one| &one.name[..])
            .collect(),
        seeds: seeds.len(),
        drawn,
        seed: seeds.first().copied(),
        rows,
        claims: claims
            .iter()
            .map(|one| Told {
                that: &one.text,
                held: one.held,
                values: &one.values,
            })
            .collect(),
        note,
        partings,
        lines: lines.collect(),
    };
    let title = format!("{}, compared", part.name);
    TEMPLATE.fill(&title, &[("data", &serde_json::to_vec(&data)?)])
}

/// More would only be a band.
const SEEDS_DRAWN: usize = 10;

/// Begins as the page of a run does, and draws with the same strokes.
const TEMPLATE: Template = Template {
    skeleton: include_str!("page/page.html"),
    style: concat!(
        include_str!("../report/page/style.css"),
        include_str!("page/style.css"),
    ),
    script: concat!(
        include_str!("../report/page/script/begin.js"),
        include_str!("../report/page/script/plot.js"),
        include_str!("page/overlay.js"),
    ),
};

#[cfg(test)]
mod tests;
