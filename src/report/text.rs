//! Pieces of text for people: sizes, times, marks, and nothing that would do more than be seen.

use std::time::Duration;

/// Marks text, or leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub struct Style(pub bool);

impl Style {
    /// What to look at first.
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What can wait.
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// What is as it should be.
    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// What is not.
    pub fn bad(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Text from anywhere, as it may stand in a line: whatever would move the cursor, ring, colour or
/// turn the direction of writing is spelled out.
pub fn plain(text: &str) -> String {
    escape(text, |_| false)
}

/// The same for a body: its lines and tabs stay.
pub fn plain_lines(text: &str) -> String {
    escape(text, |c| matches!(c, '\n' | '\t'))
}

fn escape(text: &str, harmless: impl Fn(char) -> bool) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if harmless(c) || !(c.is_control() || turns_direction(c)) {
            plain.push(c);
        } else {
            plain.extend(c.escape_default());
        }
    }
    plain
}

/// Unicode's bidirectional controls: they can make a line read as what it is not.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `10,485,760`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 record`, `2 records`.
pub fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// `10.0 MiB`.
pub fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64;
    let mut shown = format!("{bytes} B");
    for unit in units {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        shown = format!("{value:.1} {unit}");
    }
    shown
}

/// `60 s`, `1.42 s`, `307 ms`, `0.21 ms`.
pub fn span(time: Duration) -> String {
    if time.subsec_nanos() == 0 {
        return format!("{} s", time.as_secs());
    }
    let ms = time.as_secs_f64() * 1e3;
    match ms {
        1000.0.. => format!("{:.2} s", ms / 1e3),
        10.0.. => format!("{ms:.0} ms"),
        _ => format!("{ms:.2} ms"),
    }
}

/// Text with blanks behind it, so that `width` characters are seen.
pub fn padded(text: &str, width: usize) -> String {
    let mut seen = 0;
    let mut is_mark = false;
    for c in text.chars() {
        match c {
            '\x1b' => is_mark = true,
            'm' if is_mark => is_mark = false,
            _ if is_mark => {}
            _ => seen += 1,
        }
    }
    format!("{text}{}", " ".repeat(width.saturating_sub(seen)))
}

#[cfg(test)]
mod tests;
