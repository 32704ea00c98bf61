//! What the tests of several rooms read: one packet line.

use super::parse::parse;
use super::settings::{Given, Settings};
use super::syntax::{Packet, What};

/// The first packet of a script, and its settings.
pub fn read(options: &str, line: &str) -> (Settings, Packet) {
    let text = format!("{options}\n0 {line}");
    let read = parse(&text, |options| {
        let settings = Settings::settle(&Given::default(), options)?;
        let around = settings.surroundings();
        Ok((settings, around))
    });
    let (settings, mut script) = read.unwrap_or_else(|error| panic!("{line}: {error}"));
    match script.events.remove(0).what {
        What::Packet(packet) => (settings, packet),
        other => panic!("{other:?}"),
    }
}
