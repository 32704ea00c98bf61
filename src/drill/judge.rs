//! One script from its text to its report.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::base::{Offloads, Seed};
use crate::stack::Stack;

use super::backend::Backend;
use super::code::{self, Block};
use super::command::{Action, Queue, read};
use super::constants;
use super::guard::Guards;
use super::lex::Place;
use super::nstat;
use super::ours::{FIELDS, KNOWN, Ours};
use super::outcome::{Reason, ReasonKind, Run, Verdict};
use super::parse::parse;
use super::profile::Profile;
use super::relax::{Relaxed, needed};
use super::run::{Plan, run, survey_call};
use super::settings::{Dialect, Given, IpVersion, Settings};
use super::syntax::{Command, Script, What};
use super::tier::Tier;

/// What is asked for beside the script.
#[derive(Debug, Clone)]
pub struct Request {
    pub given: Given,
    /// `None`: that of the script's surroundings.
    pub profile: Option<Profile>,
    /// packetdrill's own matching only.
    pub strict: bool,
    pub guards: Guards,
}

impl Default for Request {
    fn default() -> Request {
        Request {
            given: Given::default(),
            profile: None,
            strict: false,
            guards: Guards::all(),
        }
    }
}

/// A script that is ready to run.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub script: Script,
    pub settings: Settings,
    pub dialect: Dialect,
    pub profile: Profile,
    /// Of its code events, in order.
    pub blocks: Vec<Block>,
    /// What it needs and is not here, each once.
    pub missing: Vec<String>,
    pub tier: Tier,
}

/// What is said of a script.
#[derive(Debug, Clone)]
pub struct Report {
    pub file: String,
    pub preset: Option<&'static str>,
    pub profile: Option<&'static str>,
    pub tier: Option<Tier>,
    pub run: Run,
    /// What it would pass with, if not without.
    pub relaxed: Option<Vec<&'static str>>,
    /// Why it fails even so, with all relaxations.
    pub even_so: Option<Reason>,
}

/// Makes a stack for a script.
pub type Maker<'m> = &'m dyn Fn(&Settings, Profile) -> Box<dyn Backend>;

/// Reads a script's text.
pub fn prepare(text: &str, request: &Request) -> Result<Prepared, Reason> {
    let parsed = parse(text, |options| {
        let settings = Settings::settle(&request.given, options)?;
        let around = settings.surroundings();
        Ok((settings, around))
    });
    let (settings, script) = parsed.map_err(|error| Reason {
        kind: ReasonKind::Parse,
        at: error.at,
        expected: error.expected.clone(),
        actual: error.found.clone(),
        text: error.to_string(),
    })?;
    let dialect = dialect_of(&settings, &script);
    let profile = request
        .profile
        .unwrap_or_else(|| profile_of(&script, dialect));
    let mut missing: Vec<String> = settings
        .unsupported
        .iter()
        .chain(&script.unsupported)
        .map(|construct| construct.name.clone())
        .collect();
    let mut blocks = Vec::new();
    for command in commands(&script) {
        missing.extend(missing_in_command(command));
    }
    for event in &script.events {
        match &event.what {
            What::Call(call) => missing.extend(survey_call(call).into_iter().map(|(name, _)| name)),
            What::Code(code) => match code::read(&code.text) {
                Ok(block) => {
                    missing.extend(missing_in_code(&block));
                    blocks.push(block);
                }
                Err(unread) => missing.push(format!("code:{unread}")),
            },
            What::Packet(_) | What::Command(_) => {}
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    missing.retain(|name| seen.insert(name.clone()));
    let tier = Tier::of(&script, &settings, dialect);
    Ok(Prepared {
        script,
        settings,
        dialect,
        profile,
        blocks,
        missing,
        tier,
    })
}

/// Runs a script on our stack, and says what came of it.
pub fn judge(file: &str, text: &str, request: &Request) -> Report {
    judge_with(file, text, request, &ours)
}

/// Makes our stack for a script.
pub fn ours(settings: &Settings, profile: Profile) -> Box<dyn Backend> {
    Box::new(Ours::new(settings, profile, Offloads::NONE))
}

/// The same on a device that cuts long segments; the script sees what it makes of them.
pub fn ours_offloaded(settings: &Settings, profile: Profile) -> Box<dyn Backend> {
    Box::new(Ours::new(settings, profile, Offloads::ALL))
}

/// The same, and somebody is told when the stack is made, before it is told anything.
pub fn ours_from_birth(
    settings: &Settings,
    profile: Profile,
    birth: impl FnOnce(Seed, &mut Stack),
) -> Box<dyn Backend> {
    Box::new(Ours::from_birth(settings, profile, Offloads::NONE, birth))
}

/// The same on another backend.
pub fn judge_with(file: &str, text: &str, request: &Request, maker: Maker<'_>) -> Report {
    let mut report = Report {
        file: file.to_owned(),
        preset: request.given.preset.map(|preset| preset.name()),
        profile: None,
        tier: None,
        run: blank(),
        relaxed: None,
        even_so: None,
    };
    let mut prepared = match prepare(text, request) {
        Ok(prepared) => prepared,
        Err(reason) => {
            report.run.verdict = Verdict::Fail;
            report.run.reason = Some(reason);
            return report;
        }
    };
    report.profile = Some(prepared.profile.name());
    report.tier = Some(prepared.tier);
    prepared.missing.extend(wrong_family(file, &prepared));
    if !prepared.missing.is_empty() {
        report.run.verdict = Verdict::Skip;
        report.run.events = prepared.script.events.len();
        report.run.skip = prepared.missing;
        return report;
    }
    let once = |relaxed| run_once(&prepared, relaxed, request.guards.clone(), maker);
    report.run = once(Relaxed::NONE);
    let retry = report.run.verdict == Verdict::Fail && !report.run.reference && !request.strict;
    if retry {
        let mut even_so = None;
        let passes = |relaxed| {
            let run = once(relaxed);
            if relaxed == Relaxed::ALL {
                even_so = run.reason;
            }
            run.verdict == Verdict::Pass
        };
        report.relaxed = needed(passes).map(Relaxed::names);
        report.even_so = even_so;
    }
    report
}

/// Runs a prepared script once. A panic is a failure of the stack's, or of ours.
pub fn run_once(prepared: &Prepared, relaxed: Relaxed, guards: Guards, maker: Maker<'_>) -> Run {
    let plan = Plan {
        script: &prepared.script,
        settings: &prepared.settings,
        dialect: prepared.dialect,
        profile: prepared.profile,
        guards,
        relaxed,
        blocks: &prepared.blocks,
    };
    let caught = catch_unwind(AssertUnwindSafe(|| {
        run(plan, maker(&prepared.settings, prepared.profile))
    }));
    caught.unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("a panic without words");
        Run {
            verdict: Verdict::Fail,
            reason: Some(Reason::plain(ReasonKind::Panic, NOWHERE, said)),
            events: prepared.script.events.len(),
            ..blank()
        }
    })
}

fn blank() -> Run {
    Run {
        verdict: Verdict::Pass,
        reference: false,
        clean: false,
        reason: None,
        skip: Vec::new(),
        nonfatal: 0,
        lacks: Vec::new(),
        advice: Vec::new(),
        tail: Vec::new(),
        ladder: Vec::new(),
        why: None,
        events: 0,
        virtual_micros: 0,
    }
}

/// All commands of a script.
fn commands(script: &Script) -> Vec<&Command> {
    let inside = script.events.iter().filter_map(|event| match &event.what {
        What::Command(command) => Some(command),
        _ => None,
    });
    let ends = script.init.iter().chain(&script.cleanup);
    ends.chain(inside).collect()
}

/// The dialect that was asked for, or that the script speaks.
fn dialect_of(settings: &Settings, script: &Script) -> Dialect {
    let bsd_key =
        |action: &Action| matches!(action, Action::Set { key, .. } if key.starts_with("net.inet."));
    let sets_bsd = || {
        let all = commands(script);
        all.iter()
            .flat_map(|command| read(&command.text))
            .any(|doing| bsd_key(&doing.action))
    };
    settings
        .dialect
        .unwrap_or_else(|| match script.bsd || sets_bsd() {
            true => Dialect::Bsd,
            false => Dialect::Google,
        })
}

/// The profile of a script that nobody named one for.
fn profile_of(script: &Script, dialect: Dialect) -> Profile {
    let installs = |command: &Command| {
        read(&command.text)
            .iter()
            .any(|doing| doing.action == Action::Defaults)
    };
    if dialect == Dialect::Bsd {
        Profile::Bsd
    } else if script.init.as_ref().is_some_and(installs) {
        Profile::Linux
    } else {
        Profile::Rfc
    }
}

/// What a command needs and is not here, as far as its text tells.
fn missing_in_command(command: &Command) -> Vec<String> {
    let missing = read(&command.text)
        .into_iter()
        .filter_map(|doing| match doing.action {
            Action::Unknown(name) => Some(format!("command:{name}")),
            Action::Changed { counter, .. } if !nstat::is_known(&counter) => {
                Some(format!("counter:{counter}"))
            }
            Action::Queue(Queue::Paced) => Some("command:tc".into()),
            Action::HyStart(_) => Some("command:hystart_detect".into()),
            Action::File { .. } => Some("command:file".into()),
            _ => None,
        });
    missing.collect()
}

fn missing_in_code(block: &Block) -> Vec<String> {
    let lacking = block
        .names()
        .into_iter()
        .filter(|name| KNOWN.contains(name) && !FIELDS.contains(name));
    lacking.map(|name| format!("field:{name}")).collect()
}

/// By convention a name says which family a script is for.
fn wrong_family(file: &str, prepared: &Prepared) -> Option<String> {
    let v6 = prepared.settings.version == IpVersion::V6;
    match (file.ends_with("v4.pkt"), file.ends_with("v6.pkt")) {
        (true, _) if v6 => Some("file:v4".into()),
        (_, true) if !v6 => Some("file:v6".into()),
        _ => None,
    }
}

/// Whether a code block's name is one that blocks may use.
pub fn is_name(name: &str) -> bool {
    FIELDS.contains(&name) || KNOWN.contains(&name) || constants::is_known(name)
}

const NOWHERE: Place = Place { line: 0, col: 0 };

#[cfg(test)]
mod tests;
