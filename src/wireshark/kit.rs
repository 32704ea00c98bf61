//! What Wireshark is given.

use std::path::{Path, PathBuf};

use super::folders::Folders;

/// One file of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is for.
    pub part: Part,
    /// Where it goes.
    pub path: PathBuf,
    /// What stands in it.
    pub text: String,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Makes fields of the comments.
    Script,
    /// Columns, colours and graphs.
    Profile,
    /// Lets Wireshark start a run.
    Extcap,
}

impl Part {
    /// In a few words.
    pub const fn said(self) -> &'static str {
        match self {
            Part::Script => "fields pellucid.cwnd, .why, .rfc and others",
            Part::Profile => "the profile pellucid: columns, colours, graphs",
            Part::Extcap => "an interface that starts a run and shows it live",
        }
    }

    /// Whether the file is a program.
    pub const fn is_program(self) -> bool {
        matches!(self, Part::Extcap)
    }
}

/// All files, for folders like these; `program` is what the interface starts.
pub fn kit(folders: &Folders, program: &Path) -> Vec<Item> {
    let profile = folders.config.join("profiles").join(PROFILE);
    let item = |part, path, text: &str| Item {
        part,
        path,
        text: text.to_owned(),
    };
    vec![
        item(Part::Script, folders.lua.join("pellucid.lua"), SCRIPT),
        item(Part::Profile, profile.join("preferences"), PREFERENCES),
        item(Part::Profile, profile.join("colorfilters"), COLOURS),
        item(Part::Profile, profile.join("io_graphs"), GRAPHS),
        Item {
            part: Part::Extcap,
            path: folders.extcap.join("pellucid"),
            text: wrapper(program),
        },
    ]
}

/// How many of the files that do not depend on where this program lies are there as they should
/// be, and how many that are. Those of the profile need only be there: Wireshark writes its own
/// settings into them.
pub fn state(folders: &Folders) -> (usize, usize) {
    let kit = kit(folders, Path::new(""));
    let wanted = kit.iter().filter(|item| item.part != Part::Extcap);
    let is_there = |item: &&Item| match item.part {
        Part::Profile => item.path.exists(),
        _ => std::fs::read(&item.path).is_ok_and(|there| there == item.text.as_bytes()),
    };
    (wanted.clone().filter(is_there).count(), wanted.count())
}

/// A program for Wireshark that is this one.
fn wrapper(program: &Path) -> String {
    // Inside single quotes a shell takes everything as it is but these.
    let quoted = program.to_string_lossy().replace('\'', r"'\''");
    format!(
        "#!/bin/sh\n\
         # Wireshark asks this for interfaces; `pellucid wireshark uninstall` removes it.\n\
         exec '{quoted}' wireshark extcap \"$@\"\n"
    )
}

/// What the profile is called.
pub const PROFILE: &str = "pellucid";

const SCRIPT: &str = include_str!("files/pellucid.lua");
const PREFERENCES: &str = include_str!("files/preferences");
const COLOURS: &str = include_str!("files/colorfilters");
const GRAPHS: &str = include_str!("files/io_graphs");

#[cfg(test)]
mod tests;
