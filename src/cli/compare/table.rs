//! What `compare` prints: a row a variant, where variants part, and what was expected of them.

use std::io::{self, Write};
use std::time::Instant;

use crate::compare::page::Parted;
use crate::compare::{Claim, Figures, Part, Sweep};
use crate::report::text::{Style, counted, plain};

pub fn tell(out: &mut impl Write, part: &Part, rows: &[Figures], began: Instant) -> io::Result<()> {
    let (variants, seeds) = (part.sweep.variants.len(), part.sweep.seeds.len());
    writeln!(
        out,
        "{}  ·  {} of {}  ·  virtual time, {:.1} s of yours",
        plain(&part.name),
        counted(variants, "variant"),
        counted(seeds, "seed"),
        began.elapsed().as_secs_f64(),
    )?;
    let width = rows
        .iter()
        .map(|row| row.name.chars().count())
        .max()
        .unwrap_or(0)
        .max(8);
    writeln!(
        out,
        "{:width$}  {:>26}  {:>24}  {:>9}  {:>5}  {:>8}  {:>5}",
        "", "goodput Mbit/s", "queue ms", "sent", "RTO", "ends", "Jain"
    )?;
    writeln!(
        out,
        "{:width$}  {:>8} {:>17}  {:>8} {:>7} {:>7}  {:>9}  {:>5}  {:>8}  {:>5}",
        "", "mean", "[min max]", "mean", "p95", "max", "again %", "mean", "s", ""
    )?;
    for row in rows {
        writeln!(out, "{}", line(row, width))?;
    }
    Ok(())
}

fn line(row: &Figures, width: usize) -> String {
    let or_none = |value: Option<f64>, digits: usize| {
        value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
    };
    let mega = |bits: f64| bits / 1e6;
    let goodput = row.goodput;
    let range = goodput.map_or(String::new(), |one| {
        format!("[{:.2} {:.2}]", mega(one.min), mega(one.max))
    });
    let queue = row.queue_ms;
    format!(
        "{:width$}  {:>8} {range:>17}  {:>8} {:>7} {:>7}  {:>9.2}  {:>5.1}  {:>8}  {:>5}",
        plain(&row.name),
        or_none(goodput.map(|one| mega(one.mean)), 2),
        or_none(queue.map(|one| one.mean), 1),
        or_none(queue.map(|one| one.p95), 1),
        or_none(queue.map(|one| one.max), 1),
        row.retrans_percent,
        row.rto,
        or_none(row.completion_s, 3),
        or_none(row.jain, 3),
    )
    .trim_end()
    .to_owned()
}

pub fn tell_claims(out: &mut impl Write, claims: &[Claim], style: Style) -> io::Result<()> {
    for claim in claims {
        let mark = match claim.held {
            true => style.good("✓"),
            false => style.bad("✗"),
        };
        writeln!(
            out,
            "{mark} {}   {}",
            plain(&claim.text),
            plain(&claim.values.join(", "))
        )?;
    }
    Ok(())
}

pub fn tell_partings(out: &mut impl Write, sweep: &Sweep, all: &[Parted]) -> io::Result<()> {
    let variants = all.iter().map(|one| (&sweep.variants[one.variant], one));
    for (variant, parted) in variants {
        let (name, first) = (&variant.name, &sweep.variants[0].name);
        writeln!(out, "{} and {}", plain(first), plain(name))?;
        for line in &parted.said {
            writeln!(out, "  {}", plain(line))?;
        }
    }
    Ok(())
}
