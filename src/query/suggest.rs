//! The known word that somebody may have meant.

/// The nearest of some words, if one is near enough to be meant: at most a third of its letters
/// wrong, or two. Of equally near ones the first.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let word: Vec<char> = word.chars().take(WORD_MAX).collect();
    let distances = known.map(|one| {
        let letters: Vec<char> = one.chars().collect();
        let allowed = (letters.len() / 3).max(2);
        (distance(&word, &letters), allowed, one)
    });
    distances
        // A word of which no letter is left was not meant.
        .filter(|(distance, allowed, one)| distance <= allowed && *distance < one.chars().count())
        .min_by_key(|(distance, ..)| *distance)
        .map(|(.., one)| one)
}

/// How many letters to put in, take out, replace, or swap with their neighbour until one word is
/// the other.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut this = vec![row + 1];
        for (column, wanted) in other.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != wanted);
            let put_or_taken = this[column].min(last[column + 1]) + 1;
            let mut least = replaced.min(put_or_taken);
            let swapped =
                row > 0 && column > 0 && *letter == other[column - 1] && one[row - 1] == *wanted;
            if swapped {
                least = least.min(before_last_at(&before_last, column - 1) + 1);
            }
            this.push(least);
        }
        before_last = std::mem::replace(&mut last, this);
    }
    last.last().copied().unwrap_or(one.len())
}

fn before_last_at(row: &[usize], column: usize) -> usize {
    row.get(column).copied().unwrap_or(usize::MAX - 1)
}

/// No name is longer; whatever is longer is like none.
const WORD_MAX: usize = 64;

#[cfg(test)]
mod tests;
