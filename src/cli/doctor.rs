//! `doctor`: what this machine allows, and the exact line that would allow more.

use std::io::{self, Write, stdout};

use serde_json::json;

use crate::namespace::Link;
use crate::namespace::doctor::{Findings, Verdict, examine};
use crate::report::text::{Style, padded, plain};

use super::Common;
use super::trouble::{Code, said};

/// Tell what this machine allows, and what would allow more
///
/// Found out by doing it, in a private namespace that is gone afterwards.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// Print an AppArmor profile that allows user namespaces to this program, and nothing else
    #[arg(long, conflicts_with = "json")]
    apparmor: bool,
    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Examines the machine.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        if self.apparmor {
            let program = std::env::current_exe()?;
            let text = profile(&program.display().to_string());
            return said(stdout().write_all(text.as_bytes())).map(|()| Code::Done);
        }
        // Asked first: what is examined moves into a namespace of its own.
        let wireshark = super::wireshark::finding();
        let mut findings = examine();
        findings.list.push(wireshark);
        said(match self.json {
            true => print_json(&findings),
            false => print(&findings, Style(common.color.on_stdout())),
        })?;
        Ok(Code::Done)
    }
}

fn print(findings: &Findings, style: Style) -> io::Result<()> {
    let mut out = stdout().lock();
    for finding in &findings.list {
        let verdict = match finding.verdict {
            Verdict::Ok => style.good("ok"),
            Verdict::No => style.bad("no"),
            Verdict::Fact => String::new(),
        };
        let (name, verdict) = (padded(finding.name, 22), padded(&verdict, 4));
        writeln!(out, "{name} {verdict} {}", plain(&finding.detail))?;
        if let Some(fix) = &finding.fix {
            writeln!(out, "{:27} fix: {}", "", plain(fix))?;
        }
    }
    let link = match findings.link {
        Link::Tun => "TUN, with the kernel at the other end",
        Link::Veth => "a veth pair, with the kernel at the other end",
        Link::InProcess => "a link in this process, with a second stack at the other end",
    };
    writeln!(out, "→ `pellucid demo` will use {link}")
}

fn print_json(findings: &Findings) -> io::Result<()> {
    let list = findings.list.iter().map(|finding| {
        let verdict = match finding.verdict {
            Verdict::Ok => json!(true),
            Verdict::No => json!(false),
            Verdict::Fact => json!(null),
        };
        json!({
            "name": finding.name,
            "ok": verdict,
            "detail": finding.detail,
            "fix": finding.fix,
        })
    });
    let link = match findings.link {
        Link::Tun => "tun",
        Link::Veth => "veth",
        Link::InProcess => "in-process",
    };
    let all = json!({ "findings": Vec::from_iter(list), "link": link });
    writeln!(stdout().lock(), "{all:#}")
}

/// For systems that restrict user namespaces of ordinary users by AppArmor.
fn profile(program: &str) -> String {
    format!(
        "# sudo pellucid doctor --apparmor > /etc/apparmor.d/pellucid, then: \
         sudo apparmor_parser -r /etc/apparmor.d/pellucid\n\
         abi <abi/4.0>,\n\
         profile pellucid \"{program}\" flags=(unconfined) {{\n  userns,\n}}\n"
    )
}
