//! What was typed, and what is meant.
//!
//! One file a verb, each of which calls one room. Standard output is the result, standard error is
//! progress and trouble; on a pipe nothing is fancy. Read `trouble` for how things go wrong,
//! `screen` for what may stand on a terminal, `station` for what the verbs that talk have in
//! common.

mod compare;
mod demo;
mod diff;
mod dig;
mod doctor;
mod drill;
mod events;
mod explain;
mod get;
mod lab;
mod misuse;
mod names;
mod outlet;
mod ping;
mod replay;
mod report;
mod resolve_server;
mod rfc;
mod run;
mod runs;
mod schema;
mod screen;
mod serve;
mod shell;
mod signals;
mod source;
mod ss;
mod station;
mod top;
mod traceroute;
mod trouble;
mod url;
mod values;
mod why;
mod wireshark;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgAction, CommandFactory, Parser, Subcommand};

use misuse::misuse;
use screen::{Color, note};
use trouble::{Code, Trouble, Unread};

/// A TCP/IP stack you can see through.
///
/// From-scratch user-space IP and TCP for Linux. It says for every packet what the stack knew,
/// what it decided, and which clause of which RFC made it decide.
#[derive(Debug, Parser)]
#[command(name = "pellucid", version, after_help = AFTER)]
struct Typed {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    common: Common,
}

/// What every verb understands.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Common {
    /// Say nothing but the result
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more: -v connections, -vv decisions, -vvv packets
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(demo::Demo),
    Get(Box<get::Get>),
    Serve(serve::Serve),
    Ping(Box<ping::Ping>),
    Traceroute(Box<traceroute::Traceroute>),
    Shell(shell::Shell),
    Top(top::Top),
    Ss(ss::Ss),
    Doctor(doctor::Doctor),
    Drill(Box<drill::Drill>),
    Run(run::Run),
    Compare(Box<compare::Compare>),
    Diff(diff::Diff),
    Lab(lab::Lab),
    Replay(replay::Replay),
    Report(report::Report),
    Why(why::Why),
    Events(events::Events),
    Explain(explain::Explain),
    Rfc(rfc::Rfc),
    Dig(Box<dig::Dig>),
    ResolveServer(Box<resolve_server::ResolveServer>),
    Url(url::Explained),
    Schema(schema::Schema),
    Wireshark(wireshark::Wireshark),
}

/// The whole program. To be called first thing in `main`: a private namespace can be entered only
/// before any thread exists.
pub fn main() -> ExitCode {
    let typed = match Typed::try_parse() {
        Ok(typed) => typed,
        Err(error) => return ExitCode::from(not_understood(&error).number()),
    };
    start_log(typed.common);
    let code = match obey(typed) {
        Ok(code) => code,
        Err(error) if error.is::<Unread>() => Code::Failed,
        Err(error) => tell(&Trouble::of(error)),
    };
    ExitCode::from(code.number())
}

/// Does what was typed.
fn obey(typed: Typed) -> anyhow::Result<Code> {
    let common = typed.common;
    match typed.verb {
        Verb::Demo(verb) => verb.run(common),
        Verb::Get(verb) => verb.run(common),
        Verb::Serve(verb) => verb.run(common),
        Verb::Ping(verb) => verb.run(common),
        Verb::Traceroute(verb) => verb.run(common),
        Verb::Shell(verb) => verb.run(common),
        Verb::Top(verb) => verb.run(common),
        Verb::Ss(verb) => verb.run(common),
        Verb::Doctor(verb) => verb.run(common),
        Verb::Drill(verb) => verb.run(common),
        Verb::Run(verb) => verb.run(common),
        Verb::Compare(verb) => verb.run(common),
        Verb::Diff(verb) => verb.run(common),
        Verb::Lab(verb) => verb.run(common),
        Verb::Replay(verb) => verb.run(common),
        Verb::Report(verb) => verb.run(common),
        Verb::Why(verb) => verb.run(common),
        Verb::Events(verb) => verb.run(common),
        Verb::Explain(verb) => verb.run(common),
        Verb::Rfc(verb) => verb.run(common),
        Verb::Dig(verb) => verb.run(common),
        Verb::ResolveServer(verb) => verb.run(common),
        Verb::Url(verb) => verb.run(common),
        Verb::Schema(verb) => verb.run(common),
        Verb::Wireshark(verb) => verb.run(common),
    }
}

fn tell(trouble: &Trouble) -> Code {
    note(&trouble.to_string());
    trouble.code
}

/// Help and version are no error; everything else is told in three lines.
fn not_understood(error: &clap::Error) -> Code {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that is gone wants no help.
            let _ = error.print();
            Code::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Code::Usage
        }
        _ => tell(&misuse(error, &Typed::command(), std::env::args())),
    }
}

/// Log lines for whoever asked: RUST_LOG decides, else -v.
fn start_log(common: Common) {
    let filter = match (common.quiet, common.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "warn,pellucid=info",
        (false, 2) => "warn,pellucid=debug",
        (false, _) => "warn,pellucid=trace",
    };
    let style = match common.color.on_stderr() {
        true => env_logger::WriteStyle::Always,
        false => env_logger::WriteStyle::Never,
    };
    let env = env_logger::Env::default().default_filter_or(filter);
    env_logger::Builder::from_env(env)
        .write_style(style)
        .format_timestamp(None)
        .init();
}

const AFTER: &str = "\
Exit codes: 0 done; 1 it failed, or a check did; 2 usage; 3 the machine lacks what was demanded;
4 the stack broke a promise of its own; 130, 143 ended by a signal.

RUST_LOG chooses what is logged, as in RUST_LOG=pellucid::tcp=debug,pellucid::packet=trace.";

#[cfg(test)]
mod tests;
