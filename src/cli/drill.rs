//! `drill`: packet scripts against the stack, in virtual time.

mod against;

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgMatches};

use crate::drill::guard::Guards;
use crate::drill::judge::{Report, Request, judge, ours, prepare};
use crate::drill::mutate::survey;
use crate::drill::outcome::Verdict;
use crate::drill::profile::Profile;
use crate::drill::report::Detail;
use crate::drill::settings::{Dialect, Given, Preset, Settings};
use crate::drill::suite::{Totals, each, find, read};
use crate::drill::syntax::Define;
use crate::drill::{json, report};

use super::Common;
use super::trouble::{Code, Trouble, said};

/// Run packet scripts against the stack, in virtual time
///
/// Scripts in packetdrill's language, without root and without a device. Any option that a script
/// may have (`--ip_version=ipv6`) may be given here and wins over the script. -v prints everything
/// that happened.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 no script failed; 1 at least one did; 2 bad usage, or no \
                        script; 3 the runner itself broke."
)]
pub struct Drill {
    /// Scripts, or folders that are searched for *.pkt
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Under what: our own stack in virtual time, or the kernel's too, in real time and in
    /// namespaces of its own; then what differs is told
    #[arg(long, value_name = "STACK", default_value = "pellucid",
          conflicts_with_all = ["mutate", "parse_only", "dump_ast"])]
    against: Against,
    /// With --against kernel: scripts that take longer than so many seconds are left out
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    longest: u64,
    /// How results are printed
    #[arg(long, value_name = "FORM", default_value = "text")]
    report: Form,
    /// packetdrill's own matching only: no second run with relaxations
    #[arg(long)]
    strict: bool,
    /// Never merge segments
    #[arg(long, alias = "strict_segments")]
    strict_segments: bool,
    /// How the stack behaves: rfc, linux or bsd
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    profile: Option<Profile>,
    /// Addresses, MTU and defines: linux-v4, linux-v6, linux-mapped, bsd-v4 or bsd-v6
    #[arg(long, value_name = "PRESET", value_parser = preset)]
    preset: Option<Preset>,
    /// The language: google or bsd; else what the script speaks
    #[arg(long, value_name = "DIALECT", value_parser = dialect)]
    dialect: Option<Dialect>,
    /// Defines a word for all scripts
    #[arg(short = 'D', long = "define", value_name = "SYM=VAL", value_parser = define)]
    defines: Vec<(String, Define)>,
    /// What is looked for beyond the scripts: all, none, or names with commas
    #[arg(long, value_name = "LIST", default_value = "all", value_parser = Guards::listed)]
    guards: Guards,
    /// Only parse
    #[arg(long, conflicts_with = "dump_ast")]
    parse_only: bool,
    /// Print what was parsed, in a normal form
    #[arg(long)]
    dump_ast: bool,
    /// Change one thing at a time in scripts that pass, and require that they fail: all changes,
    /// or so many drawn by the seed
    #[arg(long, value_name = "SEED[:COUNT]", value_parser = mutation,
          conflicts_with_all = ["parse_only", "dump_ast"])]
    mutate: Option<Mutation>,
    /// How many scripts run side by side
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = jobs)]
    jobs: usize,
    /// Fail if any script is skipped
    #[arg(long)]
    fail_on_skip: bool,
    #[command(flatten)]
    options: ScriptOptions,
}

/// What a script is run under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Against {
    Pellucid,
    Kernel,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Text,
    Json,
}

impl Drill {
    /// Runs the scripts.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let request = self.request()?;
        let scripts = find(&self.paths).map_err(|error| {
            let now = "name a script, or a folder that holds some";
            Trouble::usage("the scripts cannot be read", error.to_string(), now)
        })?;
        if scripts.is_empty() {
            let now = "scripts are files that end in .pkt";
            return Err(Trouble::usage("there is no script", "the folders hold none", now).into());
        }
        if self.parse_only || self.dump_ast {
            return self.parse(&scripts, &request);
        }
        if let Some(mutation) = self.mutate {
            return self.mutate(&scripts, &request, mutation);
        }
        let detail = match common {
            _ if common.verbose > 0 => Detail::All,
            _ if common.quiet => Detail::Line,
            _ => Detail::Failure,
        };
        if self.against == Against::Kernel {
            return against::run(&scripts, &request, &self.playing(), detail);
        }
        let reports = each(&scripts, self.jobs, |path| {
            let name = path.display().to_string();
            read(path).map(|text| judge(&name, &text, &request))
        });
        let reports: Vec<Report> = reports.into_iter().collect::<Result<_, _>>()?;
        let totals = Totals::of(&reports);
        said(self.print(&reports, &totals, detail))?;
        Ok(self.code(&reports, &totals))
    }

    fn playing(&self) -> against::Playing {
        against::Playing {
            jobs: self.jobs,
            longest: Duration::from_secs(self.longest),
            json: self.report == Form::Json,
        }
    }

    fn code(&self, reports: &[Report], totals: &Totals) -> Code {
        use crate::drill::outcome::ReasonKind;
        let broke = |report: &Report| {
            let reason = report.run.reason.as_ref();
            reason.is_some_and(|reason| reason.kind == ReasonKind::Panic)
        };
        if reports.iter().any(broke) {
            return Code::Of(3);
        }
        match totals.fail > 0 || (self.fail_on_skip && totals.skip > 0) {
            true => Code::Failed,
            false => Code::Done,
        }
    }

    fn request(&self) -> anyhow::Result<Request> {
        let mut options = self.options.0.clone();
        if self.strict_segments {
            options.push(("strict_segments".into(), None));
        }
        let given = Given {
            preset: self.preset,
            dialect: self.dialect,
            options,
            defines: self.defines.clone(),
        };
        // Whatever is wrong with them is wrong for every script.
        if let Err(error) = Settings::settle(&given, &[]) {
            let now = "`pellucid drill --help` lists what is accepted";
            let why = format!("found {}, expected {}", error.found, error.expected);
            return Err(Trouble::usage("an option makes no sense", why, now).into());
        }
        Ok(Request {
            given,
            profile: self.profile,
            strict: self.strict,
            guards: self.guards.clone(),
        })
    }

    fn parse(&self, scripts: &[PathBuf], request: &Request) -> anyhow::Result<Code> {
        let mut code = Code::Done;
        let mut out = stdout().lock();
        for path in scripts {
            let text = read(path)?;
            let name = path.display();
            said(match prepare(&text, request) {
                Ok(prepared) if self.dump_ast => write!(out, "{name}\n{}", prepared.script),
                Ok(prepared) => writeln!(out, "{name}: ok {}", prepared.script.events.len()),
                Err(reason) => {
                    code = Code::Failed;
                    writeln!(out, "{name}:{}", reason.text)
                }
            })?;
        }
        Ok(code)
    }

    fn mutate(
        &self,
        scripts: &[PathBuf],
        request: &Request,
        mutation: Mutation,
    ) -> anyhow::Result<Code> {
        let surveys = each(scripts, self.jobs, |path| {
            let text = read(path)?;
            let name = path.display().to_string();
            let passes = judge(&name, &text, request).run.verdict == Verdict::Pass;
            let prepared = prepare(&text, request).ok().filter(|_| passes);
            std::io::Result::Ok(
                prepared.map(|prepared| survey(&prepared, mutation.seed, mutation.count, &ours)),
            )
        });
        let mut out = stdout().lock();
        let mut survivors = 0;
        for (path, survey) in scripts.iter().zip(surveys) {
            let name = path.display();
            let Some(survey) = survey? else {
                said(writeln!(
                    out,
                    "{name}: does not pass, so nothing was changed"
                ))?;
                continue;
            };
            survivors += survey.survivors.len();
            let killed = survey.tried - survey.survivors.len();
            said(writeln!(out, "{name}: {killed} of {} killed", survey.tried))?;
            for survivor in &survey.survivors {
                said(writeln!(out, "  survived: {survivor}"))?;
            }
        }
        Ok(match survivors {
            0 => Code::Done,
            _ => Code::Failed,
        })
    }

    fn print(&self, reports: &[Report], totals: &Totals, detail: Detail) -> std::io::Result<()> {
        let mut out = stdout().lock();
        for one in reports {
            match self.report {
                Form::Text => write!(out, "{}", report::text(one, detail))?,
                Form::Json => writeln!(out, "{}", json::of(one))?,
            }
        }
        match self.report {
            Form::Text => write!(out, "{}", report::totals(totals)),
            Form::Json => writeln!(out, "{}", json::of_totals(totals)),
        }
    }
}

/// How scripts are changed.
#[derive(Debug, Clone, Copy)]
struct Mutation {
    seed: u64,
    /// How many changes a script; `None`: all.
    count: Option<usize>,
}

/// Options of scripts, as they are typed here.
#[derive(Debug, Clone, Default)]
struct ScriptOptions(Vec<(String, Option<String>)>);

impl clap::FromArgMatches for ScriptOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<ScriptOptions, clap::Error> {
        let mut options = ScriptOptions::default();
        options.update_from_arg_matches(matches)?;
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for name in OPTIONS {
            if let Some(mut values) = matches.get_many::<String>(name) {
                let last = values.next_back().cloned().unwrap_or_default();
                let value = Some(last).filter(|value| !value.is_empty());
                self.0.push((name.to_owned(), value));
            }
        }
        Ok(())
    }
}

impl clap::Args for ScriptOptions {
    fn augment_args(command: clap::Command) -> clap::Command {
        OPTIONS.into_iter().fold(command, |command, name| {
            let arg = Arg::new(name)
                .long(name)
                .value_name("VALUE")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("")
                .action(clap::ArgAction::Append)
                .help_heading("Script options")
                .hide_possible_values(true);
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        ScriptOptions::augment_args(command)
    }
}

fn profile(text: &str) -> Result<Profile, String> {
    Profile::named(text).ok_or_else(|| "rfc, linux or bsd".into())
}

fn preset(text: &str) -> Result<Preset, String> {
    let names = "linux-v4, linux-v6, linux-mapped, bsd-v4 or bsd-v6";
    Preset::named(text).ok_or_else(|| names.into())
}

fn dialect(text: &str) -> Result<Dialect, String> {
    match text {
        "google" => Ok(Dialect::Google),
        "bsd" => Ok(Dialect::Bsd),
        _ => Err("google or bsd".into()),
    }
}

fn define(text: &str) -> Result<(String, Define), String> {
    match text.split_once('=') {
        Some((symbol, value)) if !symbol.is_empty() => Ok((symbol.to_owned(), Define::of(value))),
        _ => Err("a symbol, = and its value, as CODE=host_unreachable".into()),
    }
}

fn mutation(text: &str) -> Result<Mutation, String> {
    let wrong = || "a number, or two with a colon between, as 1 or 1:100".to_owned();
    let (seed, count) = match text.split_once(':') {
        Some((seed, count)) => (seed, Some(count.parse().map_err(|_| wrong())?)),
        None => (text, None),
    };
    let seed = seed.parse().map_err(|_| wrong())?;
    Ok(Mutation { seed, count })
}

fn jobs(text: &str) -> Result<usize, String> {
    let jobs = text.parse().ok().filter(|jobs| (1..=256).contains(jobs));
    jobs.ok_or_else(|| "from 1 to 256".into())
}

/// The options of scripts, but for those that have a place of their own above. The later ones ask
/// for what is not there: a script that is run with one is skipped by its name.
const OPTIONS: [&str; 35] = [
    "ip_version",
    "local_ip",
    "remote_ip",
    "gateway_ip",
    "netmask_ip",
    "bind_port",
    "connect_port",
    "mtu",
    "mss",
    "tolerance_usecs",
    "tolerance_percent",
    "tcp_ts_tick_usecs",
    "tcp_ts_ecr_scaled",
    "non_fatal",
    "send_omit_free",
    "debug",
    "dry_run",
    "speed",
    "init_scripts",
    "is_anyip",
    "code_command",
    "code_format",
    "code_sockopt",
    "code_verbose",
    "wire_client",
    "wire_client_dev",
    "wire_server",
    "wire_server_dev",
    "wire_server_ip",
    "wire_server_port",
    "so_filename",
    "so_flags",
    "psp_udp_port",
    "udp_encapsulation",
    "tcp_md5_secret",
];
