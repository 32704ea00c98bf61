//! The form of a lesson.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::scenario::{Expect, Invalid, Scenario};
use crate::sim::dice::Dice;

/// A lesson, as one seed has it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// What it is called.
    #[serde(skip)]
    pub name: String,
    #[serde(skip)]
    pub seed: u64,
    pub title: String,
    /// What it shows, in a line.
    pub shows: String,
    /// Where that stands: RFCs with their sections.
    pub clauses: Vec<String>,
    /// How long people take for it.
    pub minutes: u32,
    /// What the seed draws: from the first to the last. `{lost}` stands for it in the file.
    #[serde(default)]
    pub draw: BTreeMap<String, [u64; 2]>,
    /// What all variants have in common: a scenario, but for what is made of the rest.
    pub scenario: Table,
    /// The first is the one whose page is opened.
    pub variant: Vec<Variant>,
    pub question: Question,
    pub check: Vec<Check>,
    #[serde(rename = "try")]
    pub tries: Vec<Try>,
    #[serde(skip)]
    drawn: BTreeMap<String, u64>,
}

/// One way to play it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    pub name: String,
    pub about: String,
    /// What differs from the scenario.
    #[serde(default)]
    pub with: Table,
}

/// What the learner says before it is played.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub ask: String,
    /// Of which variant; the first, unless it is named.
    #[serde(default)]
    pub variant: Option<String>,
    pub choice: Vec<Choice>,
}

/// What may be answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// One word, or its beginning.
    pub key: String,
    pub text: String,
    /// It is right if this holds of the run.
    pub right: String,
}

/// What has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub variant: String,
    pub that: String,
    pub why: String,
}

/// What to try next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Try {
    /// As `--set` takes it.
    pub set: String,
    pub ask: String,
}

impl Lesson {
    /// Reads a lesson, and draws what the seed draws.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn parse(name: &str, text: &str, seed: u64) -> Result<Lesson, String> {
        #[derive(Deserialize)]
        struct Drawing {
            #[serde(default)]
            draw: BTreeMap<String, [u64; 2]>,
        }
        let wrong = |error: toml::de::Error| error.message().to_owned();
        // What is drawn stands before the scenario, where it may be a number as well as a text.
        let head = text.split("\n[scenario]").next().unwrap_or_default();
        let Drawing { draw } = toml::from_str(head).map_err(wrong)?;
        let mut drawn = BTreeMap::new();
        let mut filled = text.to_owned();
        for (purpose, (key, [low, high])) in (PURPOSES..).zip(&draw) {
            if low > high {
                return Err(format!("draw.{key}: {low} is above {high}"));
            }
            let number = Dice::new(seed, purpose).from_to(*low, *high);
            filled = filled.replace(&format!("{{{key}}}"), &number.to_string());
            drawn.insert(key.clone(), number);
        }
        let lesson: Lesson = toml::from_str(&filled).map_err(wrong)?;
        let lesson = Lesson {
            name: name.to_owned(),
            seed,
            drawn,
            ..lesson
        };
        lesson.check()?;
        Ok(lesson)
    }

    /// What the seed drew, by name.
    pub fn drawn(&self) -> &BTreeMap<String, u64> {
        &self.drawn
    }

    /// The variant that the question is about: its place.
    pub fn asked_of(&self) -> usize {
        let name = self.question.variant.as_ref();
        let place = self.variant.iter().position(|one| Some(&one.name) == name);
        place.unwrap_or_default()
    }

    /// A variant as a scenario, which expects what the checks say of it.
    ///
    /// # Errors
    ///
    /// A value that does not fit: of `set`, as tests build every lesson without.
    pub fn scenario(&self, variant: &Variant, set: &[String]) -> Result<Scenario, Invalid> {
        let mut table = self.scenario.clone();
        over(&mut table, &variant.with);
        let is_first = self.variant.first() == Some(variant);
        let name = match is_first {
            true => format!("lab-{}", self.name),
            false => variant.name.clone(),
        };
        table.insert("name".to_owned(), Value::String(name));
        table.insert("about".to_owned(), Value::String(variant.about.clone()));
        let text = toml::to_string(&table).map_err(|error| Invalid::value("scenario", error))?;
        let mut scenario = Scenario::parse(&text, set)?;
        scenario.seed = self.seed;
        let checks = self.check.iter().filter(|one| one.variant == variant.name);
        let expected = checks.map(|one| Expect {
            that: one.that.clone(),
            why: one.why.clone(),
        });
        scenario.expect = expected.collect();
        Ok(scenario)
    }

    fn check(&self) -> Result<(), String> {
        let names = || self.variant.iter().map(|one| one.name.as_str());
        if self.variant.is_empty() || self.question.choice.len() < 2 || self.check.is_empty() {
            return Err("it takes a variant, two choices and a check".to_owned());
        }
        let checks = self.check.iter().map(|one| &one.variant);
        for name in checks.chain(&self.question.variant) {
            if !names().any(|known| known == name) {
                return Err(format!("there is no variant {name:?}"));
            }
        }
        Ok(())
    }
}

/// Puts what differs over what is there.
fn over(table: &mut Table, with: &Table) {
    for (key, value) in with {
        match (table.get_mut(key), value) {
            (Some(Value::Table(known)), Value::Table(more)) => over(known, more),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}

/// What lessons draw is drawn apart from all else.
const PURPOSES: u64 = 0x1ab_0000;

#[cfg(test)]
mod tests;
