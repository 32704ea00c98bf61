//! What cannot be meant: which word, what would be accepted in its place, where all of it is
//! listed.

use std::error::Error as _;

use clap::Command;
use clap::error::{ContextKind, Error, ErrorKind};

use super::trouble::Trouble;

/// Puts what the parser has to say into three lines. `program` is all that may be typed, `typed`
/// what was.
pub fn misuse(error: &Error, program: &Command, typed: impl Iterator<Item = String>) -> Trouble {
    let mut program = program.clone();
    // Only then do verbs know what is accepted everywhere.
    program.build();
    let mut typed = typed.skip(1);
    let verb = typed.find_map(|word| program.find_subcommand(word));
    let (what, why) = of_kind(error, &program, verb);
    let verb = verb.map_or_else(String::new, |verb| format!("{} ", verb.get_name()));
    let now = format!("`pellucid {verb}--help` lists what is accepted");
    Trouble::usage(what, why, now)
}

/// What is wrong, and why.
fn of_kind(error: &Error, program: &Command, verb: Option<&Command>) -> (String, String) {
    let about = |kind| error.get(kind).map(ToString::to_string);
    let arg = about(ContextKind::InvalidArg).unwrap_or_default();
    let value = about(ContextKind::InvalidValue).unwrap_or_default();
    let asked = verb.unwrap_or(program);
    match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => {
            (format!("'{arg}' lacks its value"), meaning(asked, &arg))
        }
        ErrorKind::InvalidValue => (
            format!("invalid value '{value}' for '{arg}'"),
            format!(
                "it takes one of {}",
                about(ContextKind::ValidValue).unwrap_or_default()
            ),
        ),
        // The value's own parser spoke last.
        ErrorKind::ValueValidation => (
            format!("invalid value '{value}' for '{arg}'"),
            error
                .source()
                .map_or_else(|| meaning(asked, &arg), ToString::to_string),
        ),
        ErrorKind::UnknownArgument => {
            let similar = about(ContextKind::SuggestedArg);
            let similar = similar.map_or_else(String::new, |arg| format!("did you mean {arg}? "));
            let why = format!("{similar}{}", accepted(asked));
            (format!("unexpected argument '{arg}'"), why)
        }
        ErrorKind::InvalidSubcommand => {
            let word = about(ContextKind::InvalidSubcommand).unwrap_or_default();
            (format!("unknown verb '{word}'"), accepted(program))
        }
        ErrorKind::ArgumentConflict => {
            let other = about(ContextKind::PriorArg).unwrap_or_default();
            let why = "they contradict each other: use one of them";
            (format!("'{arg}' cannot be used with '{other}'"), why.into())
        }
        ErrorKind::MissingRequiredArgument => (format!("'{arg}' is missing"), meaning(asked, &arg)),
        _ => {
            let said = error.to_string();
            let first = said.lines().next().unwrap_or_default();
            let what = first.strip_prefix("error: ").unwrap_or(first);
            (what.to_owned(), accepted(asked))
        }
    }
}

/// What the help says of an argument that is called `shown` there.
fn meaning(asked: &Command, shown: &str) -> String {
    let arg = asked
        .get_arguments()
        .find(|known| known.to_string() == shown);
    let help = arg.and_then(|arg| arg.get_help());
    help.map_or_else(|| accepted(asked), ToString::to_string)
}

/// All that may stand behind a verb; all verbs, if there is none.
fn accepted(asked: &Command) -> String {
    let verbs: Vec<&str> = asked.get_subcommands().map(Command::get_name).collect();
    if !verbs.is_empty() {
        return format!("the verbs are {}", verbs.join(", "));
    }
    let args = asked.get_arguments().map(|arg| match arg.get_long() {
        Some(long) => format!("--{long}"),
        None => arg.to_string(),
    });
    let args: Vec<String> = args.collect();
    format!("`{}` takes {}", asked.get_name(), args.join(", "))
}

#[cfg(test)]
mod tests;
