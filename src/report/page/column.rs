//! A column of numbers, as small as it gets before it is deflated: differences.

use serde::ser::{Serialize, SerializeSeq, Serializer};

/// Numbers below 2^53, some of them missing. As JSON: each as the difference from the last that was
/// not missing, the first from zero; what is missing is null.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Column(Vec<Option<u64>>);

impl Column {
    /// One more.
    pub fn push(&mut self, value: impl Into<Option<u64>>) {
        self.0.push(value.into());
    }

    /// Another value in a place that there is.
    pub fn set(&mut self, place: usize, value: u64) {
        if let Some(slot) = self.0.get_mut(place) {
            *slot = Some(value);
        }
    }

    /// How many there are, missing ones too.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The last; `None` too where it is missing.
    pub fn last(&self) -> Option<u64> {
        self.0.last().copied().flatten()
    }

    /// All of them.
    pub fn values(&self) -> &[Option<u64>] {
        &self.0
    }
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        let mut last = 0;
        for value in &self.0 {
            // Below 2^53 both ways.
            seq.serialize_element(&value.map(|value| value.wrapping_sub(last) as i64))?;
            last = value.unwrap_or(last);
        }
        seq.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_differences() {
        let mut column = Column::default();
        for value in [
            Some(5),
            Some(5),
            None,
            Some(2),
            Some(1 << 52),
            None,
            Some(0),
        ] {
            column.push(value);
        }
        let json = serde_json::to_string(&column).expect("JSON");
        assert_eq!(
            json,
            "[5,0,null,-3,4503599627370494,null,-4503599627370496]"
        );
        assert_eq!((column.len(), column.last()), (7, Some(0)));
    }
}
