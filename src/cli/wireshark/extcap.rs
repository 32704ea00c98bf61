//! Live interfaces in Wireshark: each is a verb of ours that captures into Wireshark's pipe.

use std::path::PathBuf;

use clap::Parser;

use crate::wireshark::extcap::{
    Choice, Interface, Question, Takes, choices, interfaces, link_types,
};

use super::super::trouble::{Code, Trouble, say};
use super::super::{Typed, obey};

/// An interface, and the verb behind it. The verb takes `--capture FILE`, and what may be set for
/// the interface are options of it.
struct Source {
    interface: Interface,
    /// How the verb is typed.
    typed: &'static [&'static str],
    /// Whether it leaves the folder of a run, which nobody asked for here.
    leaves_folder: bool,
}

/// What Wireshark may start. One more is one more row.
const SOURCES: [Source; 1] = [Source {
    interface: Interface {
        name: "pellucid-journey",
        shown: "pellucid: URL journey",
        choices: &[
            Choice {
                option: "--seed",
                shown: "Seed",
                tip: "What our side's chance is drawn from",
                takes: Takes::Number(42),
            },
            Choice {
                option: "--link",
                shown: "Link",
                tip: "How packets travel",
                takes: Takes::OneOf(&[
                    ("auto", "the best that this machine allows"),
                    ("tun", "TUN, to the kernel"),
                    ("veth", "veth, to the kernel"),
                    ("in-process", "in one process, both ends pellucid"),
                ]),
            },
            Choice {
                option: "--split",
                shown: "As a wire would carry it",
                tip: "Show what is sent at once as the packets that it stands for",
                takes: Takes::Nothing,
            },
        ],
    },
    typed: &["pellucid", "--quiet", "demo"],
    leaves_folder: true,
}];

/// Answers a call of Wireshark's.
pub fn answer(args: &[String]) -> anyhow::Result<Code> {
    let question = Question::read(args).map_err(|missing| {
        let why = format!("{missing} is missing");
        let now = "Wireshark calls this; `pellucid wireshark install` tells it so";
        Trouble::usage("this is no question of Wireshark's", why, now)
    })?;
    let text = match question {
        Question::Interfaces => interfaces(SOURCES.iter().map(|source| source.interface)),
        Question::LinkTypes(of) => find(&of).map(|_| link_types().to_owned())?,
        Question::Choices(of) => choices(&find(&of)?.interface),
        Question::Capture {
            interface,
            fifo,
            set,
        } => return find(&interface)?.capture(&fifo, &set),
    };
    say(&text).map(|()| Code::Done)
}

fn find(name: &str) -> Result<&'static Source, Trouble> {
    let mut all = SOURCES.iter();
    all.find(|source| source.interface.name == name)
        .ok_or_else(|| {
            let names: Vec<_> = SOURCES.iter().map(|source| source.interface.name).collect();
            let what = format!("there is no interface {name}");
            Trouble::usage(what, format!("there is {}", names.join(", ")), "take one")
        })
}

impl Source {
    /// Does what the verb does, as if it had been typed.
    fn capture(&self, fifo: &str, set: &[String]) -> anyhow::Result<Code> {
        let folder = self.leaves_folder.then(Passing::new);
        let mut typed: Vec<String> = self.typed.iter().map(|word| (*word).to_owned()).collect();
        typed.extend_from_slice(set);
        typed.push(format!("--capture={fifo}"));
        if let Some(Passing(path)) = &folder {
            typed.push(format!("--output={}", path.display()));
        }
        let typed = Typed::try_parse_from(typed).map_err(|error| {
            let why = error.to_string();
            let why = why.lines().next().unwrap_or_default().to_owned();
            let now = "set something else for this interface";
            Trouble::usage("what was set makes no sense", why, now)
        })?;
        obey(typed)
    }
}

/// A folder that is gone afterwards.
struct Passing(PathBuf);

impl Passing {
    fn new() -> Passing {
        let name = format!("pellucid-extcap-{}", std::process::id());
        Passing(std::env::temp_dir().join(name))
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // What stays behind is for whoever cleans that folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
