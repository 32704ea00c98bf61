//! Sorted, disjoint, half-open ranges of numbers: what of a stream is there already.
//!
//! Ranges that touch are joined, so the gaps between neighbours are the holes. They stand in one
//! vector: with the few hundred that a caller allows, moving the tail of it is cheaper than any
//! tree, and finding a place takes a binary search.

use std::ops::Range;

/// A set of numbers, as ranges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges {
    /// Sorted; none is empty, and between two neighbours at least one number is missing.
    list: Vec<Range<u64>>,
    /// How many numbers all of them hold.
    total: u64,
}

/// What became of a range that was inserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Insert {
    /// It had something to add; this is the joined range that it became part of.
    New(Range<u64>),
    /// All of it was there already.
    Known,
    /// It would have been one range too many: nothing changed.
    Full,
}

impl Ranges {
    /// The empty set.
    pub const fn new() -> Ranges {
        Ranges {
            list: Vec::new(),
            total: 0,
        }
    }

    /// Adds a range. It is refused if there would be one more range than before and `most` are
    /// there; one that only makes others grow, or joins them, is always taken.
    pub fn insert(&mut self, r: Range<u64>, most: usize) -> Insert {
        if r.is_empty() {
            return Insert::Known;
        }
        // Those from `from` up to `to` overlap or touch it.
        let from = self.list.partition_point(|range| range.end < r.start);
        let to = self.list.partition_point(|range| range.start <= r.end);
        let Some([first, .., last] | [first @ last]) = self.list.get(from..to) else {
            if self.list.len() >= most {
                return Insert::Full;
            }
            self.total += r.end - r.start;
            self.list.insert(from, r.clone());
            return Insert::New(r);
        };
        let joined = first.start.min(r.start)..last.end.max(r.end);
        if joined == *first {
            return Insert::Known;
        }
        for absorbed in self.list.splice(from..to, [joined.clone()]) {
            self.total -= absorbed.end - absorbed.start;
        }
        self.total += joined.end - joined.start;
        Insert::New(joined)
    }

    /// Whether all of `r` is there. Of an empty range it always is.
    pub fn contains(&self, r: &Range<u64>) -> bool {
        r.is_empty() || self.around(r.start).is_some_and(|range| r.end <= range.end)
    }

    /// The ranges that share a number with `r`, in order.
    pub fn overlapping(&self, r: Range<u64>) -> impl Iterator<Item = Range<u64>> + '_ {
        let from = self.list.partition_point(|range| range.end <= r.start);
        self.list
            .iter()
            .skip(from)
            .take_while(move |range| !r.is_empty() && range.start < r.end)
            .cloned()
    }

    /// How many numbers of `r` are there.
    pub fn overlap(&self, r: &Range<u64>) -> u64 {
        self.overlapping(r.clone())
            .map(|range| range.end.min(r.end) - range.start.max(r.start))
            .sum()
    }

    /// The range of the lowest numbers.
    pub fn first(&self) -> Option<Range<u64>> {
        self.list.first().cloned()
    }

    /// The range of the highest numbers.
    pub fn last(&self) -> Option<Range<u64>> {
        self.list.last().cloned()
    }

    /// The range that holds the number `at`.
    pub fn around(&self, at: u64) -> Option<Range<u64>> {
        let place = self.list.partition_point(|range| range.end <= at);
        self.list
            .get(place)
            .filter(|range| range.start <= at)
            .cloned()
    }

    /// Takes out all numbers below `end`.
    pub fn remove_before(&mut self, end: u64) {
        let gone = self.list.partition_point(|range| range.end <= end);
        for range in self.list.drain(..gone) {
            self.total -= range.end - range.start;
        }
        match self.list.first_mut() {
            Some(range) if range.start < end => {
                self.total -= end - range.start;
                range.start = end;
            }
            Some(_) => {}
            // Most sets are empty most of the time: those keep no memory.
            None => self.clear(),
        }
    }

    /// All of them, lowest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Range<u64>> + '_ {
        self.list.iter().cloned()
    }

    /// How many ranges there are.
    pub const fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether no number is there.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many numbers are there.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Takes out everything and gives the memory back.
    pub fn clear(&mut self) {
        *self = Ranges::new();
    }
}

#[cfg(test)]
mod tests;
