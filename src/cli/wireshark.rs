//! `wireshark`: what makes Wireshark show what the stack thought.

use std::ffi::OsString;
use std::io::{self, Write, stdout};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::Context;

use crate::namespace::doctor::{Finding, Verdict};
use crate::report::text::plain;
use crate::runs::{CAPTURE, RICH};
use crate::wireshark::{
    Folders, Item, Left, PROFILE, Placed, install, kit, lists_us, state, uninstall, version,
};

use super::Common;
use super::runs::Which;
use super::trouble::{Code, Trouble, said, say};

mod extcap;

/// Make Wireshark show what the stack thought: fields, columns, colours, graphs, live runs
///
/// Captures hold it as comments, which any Wireshark shows. What is installed goes into your own
/// folders and is taken away again by uninstall.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Wireshark {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Write the script, the profile and the live interface into your folders
    Install,
    /// Take away what install has written; what was changed since stays
    Uninstall,
    /// Print the files that install writes, or one of them
    Print {
        /// Which one: a name as install tells it; all without
        #[arg(value_name = "FILE")]
        file: Option<String>,
    },
    /// Open a run's capture in Wireshark
    Open {
        #[command(flatten)]
        which: Which,
        /// Go to this frame
        #[arg(value_name = "FRAME")]
        frame: Option<u64>,
        /// Open the capture that has rows for events
        #[arg(long)]
        rich: bool,
    },
    /// What Wireshark calls to list and start live interfaces
    #[command(hide = true, disable_help_flag = true)]
    Extcap {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

impl Wireshark {
    /// Does it.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        match self.what {
            What::Install => put(common),
            What::Uninstall => take_away(common),
            What::Print { file } => print(file.as_deref()),
            What::Open { which, frame, rich } => open(&which, frame, rich),
            What::Extcap { args } => extcap::answer(&args),
        }
    }
}

fn folders() -> Result<Folders, Trouble> {
    Folders::find().ok_or_else(|| {
        let why = "HOME is not set, and Wireshark's folders are below it";
        Trouble::failed("cannot tell whose Wireshark is meant", why, "set HOME")
    })
}

fn files(folders: &Folders) -> anyhow::Result<Vec<Item>> {
    let program = std::env::current_exe().context("cannot tell where this program lies")?;
    Ok(kit(folders, &program))
}

fn put(common: Common) -> anyhow::Result<Code> {
    let folders = folders()?;
    let files = files(&folders)?;
    let report = install(&files, &folders.manifest)?;
    if common.quiet {
        return Ok(Code::Done);
    }
    let mut text = String::new();
    for (item, (path, placed)) in files.iter().zip(&report) {
        let word = match placed {
            Placed::Written => "written",
            Placed::Renewed => "renewed",
            Placed::There => "is there",
            Placed::Kept => "kept as it is: not ours, or changed since by you or Wireshark",
        };
        text.push_str(&format!("{}  {word}\n", shown(path)));
        if *placed != Placed::Kept {
            text.push_str(&format!("    {}\n", item.part.said()));
        }
    }
    if report.iter().any(|(_, placed)| *placed == Placed::Kept) {
        text.push_str("to have ours: move what is kept away, and install again\n");
    }
    text.push_str(&extcap_hint(&folders));
    text.push_str("\nnext   pellucid wireshark open latest\n");
    text.push_str(&format!("       tshark -C {PROFILE} -r FILE\n"));
    say(&text).map(|()| Code::Done)
}

/// The line that makes Wireshark look for our interface, if it does not.
fn extcap_hint(folders: &Folders) -> String {
    if lists_us() != Some(false) {
        return String::new();
    }
    let is_root = rustix::process::geteuid().is_root();
    let line = match &folders.extcap_of_system {
        // For root, the environment's word is not heeded.
        Some(system) if is_root => {
            let program = folders.extcap.join("pellucid");
            format!("sudo ln -s {} {}/", shown(&program), shown(system))
        }
        _ => format!("export WIRESHARK_EXTCAP_DIR={}", shown(&folders.extcap)),
    };
    format!("\nthis Wireshark does not look there for interfaces; for live runs:\n       {line}\n")
}

fn take_away(common: Common) -> anyhow::Result<Code> {
    let Some(report) = uninstall(&folders()?.manifest)? else {
        say("nothing is installed\n")?;
        return Ok(Code::Done);
    };
    let mut text = String::new();
    for (path, left) in report {
        let word = match left {
            Left::Removed => "removed",
            Left::Gone => "was gone",
            Left::Kept => "kept: changed since, by you or by Wireshark",
        };
        text.push_str(&format!("{}  {word}\n", shown(&path)));
    }
    if common.quiet {
        return Ok(Code::Done);
    }
    say(&text).map(|()| Code::Done)
}

fn print(file: Option<&str>) -> anyhow::Result<Code> {
    let files = files(&folders()?)?;
    let name = |item: &Item| {
        let name = item.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let mut out = stdout().lock();
    let Some(wanted) = file else {
        let all = files.iter().try_for_each(|item| -> io::Result<()> {
            writeln!(out, "==> {} <==\n{}", shown(&item.path), item.text)
        });
        return said(all).map(|()| Code::Done);
    };
    match files.iter().find(|item| name(item) == wanted) {
        Some(item) => said(out.write_all(item.text.as_bytes())).map(|()| Code::Done),
        None => {
            let names: Vec<String> = files.iter().map(name).collect();
            let what = format!("there is no file {wanted}");
            let why = format!("install writes {}", names.join(", "));
            Err(Trouble::usage(what, why, "name one of these").into())
        }
    }
}

/// Becomes Wireshark.
fn open(which: &Which, frame: Option<u64>, rich: bool) -> anyhow::Result<Code> {
    let name = if rich { RICH } else { CAPTURE };
    let capture = which.find()?.path().join(name);
    if !capture.exists() {
        let now = match rich {
            true => "make one: pellucid demo --rich",
            false => "take another run",
        };
        let what = format!("there is no {}", capture.display());
        return Err(Trouble::failed(what, "this run has written none", now).into());
    }
    let mut args: Vec<OsString> = Vec::new();
    let (there, wanted) = state(&folders()?);
    if there == wanted {
        args.extend(["-C".into(), PROFILE.into()]);
    }
    args.extend(["-r".into(), capture.into_os_string()]);
    if let Some(frame) = frame {
        args.extend(["-g".into(), frame.to_string().into()]);
    }
    let error = Command::new(WIRESHARK).args(&args).exec();
    let now = match error.kind() {
        io::ErrorKind::NotFound => "install the package wireshark; or read it by tshark -r",
        _ => "start it by hand",
    };
    let what = format!("cannot start {WIRESHARK}");
    Err(Trouble::failed(what, error.to_string(), now).into())
}

/// What `doctor` has to say of it.
pub fn finding() -> Finding {
    let name = "Wireshark";
    let Some(version) = version() else {
        return Finding {
            name,
            verdict: Verdict::No,
            detail: "no tshark in the search path; captures are written all the same".to_owned(),
            fix: Some("install the package tshark or wireshark".to_owned()),
        };
    };
    let (there, wanted) = Folders::find().map_or((0, 1), |folders| state(&folders));
    let profile = match there {
        0 => "is not installed",
        _ if there < wanted => "is not as this version has it",
        _ => "is installed",
    };
    Finding {
        name,
        verdict: Verdict::Ok,
        detail: format!("{version}; the profile {PROFILE} {profile}"),
        fix: (there < wanted).then(|| "pellucid wireshark install".to_owned()),
    }
}

fn shown(path: &Path) -> String {
    plain(&path.display().to_string())
}

const WIRESHARK: &str = "wireshark";
