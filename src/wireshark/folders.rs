//! Where Wireshark looks for what is its user's own.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// Preferences, and below it the profiles.
    pub config: PathBuf,
    /// Scripts in Lua.
    pub lua: PathBuf,
    /// Programs that capture for it. Older versions do not look into a user's own.
    pub extcap: PathBuf,
    /// Those of the whole system, if that is known.
    pub extcap_of_system: Option<PathBuf>,
    /// Where we write down what we have written.
    pub manifest: PathBuf,
}

impl Folders {
    /// Asks tshark, else takes what Wireshark's documentation says. `None` without a home.
    pub fn find() -> Option<Folders> {
        Folders::told(&asked().unwrap_or_default(), |name| {
            let value = env::var_os(name).map(PathBuf::from)?;
            // The XDG specification wants paths that are not absolute to be passed over.
            value.is_absolute().then_some(value)
        })
    }

    /// By what `tshark -G folders` told, and by the environment.
    fn told(text: &str, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<Folders> {
        let told = |names: &[&str]| names.iter().find_map(|name| of_line(text, name));
        let home = variable("HOME")?;
        let config = || {
            let xdg = variable("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
            xdg.join("wireshark")
        };
        let own = home.join(".local/lib/wireshark");
        let state = variable("XDG_STATE_HOME").unwrap_or_else(|| home.join(".local/state"));
        Some(Folders {
            config: told(&["Personal configuration"]).unwrap_or_else(config),
            lua: told(&["Personal Lua Plugins"]).unwrap_or_else(|| own.join("plugins")),
            extcap: told(&["Personal Extcap path"]).unwrap_or_else(|| own.join("extcap")),
            extcap_of_system: told(&["Global Extcap path", "Extcap path"]),
            manifest: state.join("pellucid/wireshark.json"),
        })
    }
}

/// What `tshark -G folders` says, if there is one.
fn asked() -> Option<String> {
    said_by_tshark(&["-G", "folders"])
}

/// The version of tshark, if there is one: `TShark (Wireshark) 4.0.17 ...`.
pub fn version() -> Option<String> {
    let text = said_by_tshark(&["--version"])?;
    let first = text.lines().next().unwrap_or_default();
    Some(first.trim_end_matches('.').to_owned())
}

/// Whether Wireshark finds our interface: asked by looking, since older versions look only into the
/// system's folder, and some pass over what the environment says.
pub fn lists_us() -> Option<bool> {
    let listed = said_by_tshark(&["-D"])?;
    Some(listed.contains("pellucid"))
}

fn said_by_tshark(args: &[&str]) -> Option<String> {
    let mut tshark = Command::new("tshark");
    let output = tshark.args(args).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}

/// The path behind a name and a colon.
fn of_line(text: &str, name: &str) -> Option<PathBuf> {
    let mut lines = text.lines();
    let rest = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let path = Path::new(rest.trim());
    path.is_absolute().then(|| path.to_owned())
}

#[cfg(test)]
mod tests;
