//! The page of a run, in a browser: it comes up whole, says nothing on the console, and shows the
//! packet that its address names.

use std::path::Path;
use std::process::Command;

use super::{Scratch, done, pellucid, said};
use crate::harness::{Case, Lack, Who, outside, skip};

pub const CASES: &[Case] = &[outside(
    "page::a_browser_draws_it_and_follows_its_links",
    Who::Caller,
    drawn,
)];

fn drawn() {
    let scratch = Scratch::new();
    let mut command = pellucid();
    command.args(["demo", "--link", "in-process", "-o"]);
    done(command.arg(&scratch.0));
    let page = scratch.file("0001-demo/report.html");
    let summary = std::fs::read(scratch.file("0001-demo/summary.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_slice(&summary).expect("JSON");
    let packets = summary["packets"].as_u64().expect("a number");

    let whole = dump(&page, "");
    assert!(
        whole.contains(&format!("data-ready=\"{packets}\"")),
        "{}",
        head(&whole)
    );
    assert!(whole.contains("Select a packet"));
    // The first rows of the ladder, and what Figure 5 calls the arrows.
    for words in [
        "<text x=\"4\" y=\"14\">#1</text>",
        "closed → syn_sent",
        "time_wait → closed",
    ] {
        assert!(whole.contains(words), "{words} is missing");
    }
    let first = dump(&page, "#1");
    for words in [
        "an active OPEN: the handshake begins",
        "RFC 9293 3.10.1",
        "the application called open at +",
        "<g class=\"row chosen\">",
    ] {
        assert!(first.contains(words), "{words} is missing");
    }
    // A received packet names the one of ours that it answers, as something to press.
    let second = dump(&page, "#2");
    assert!(second.contains("accepted: SYN,ACK that answers our SYN"));
    assert!(second.contains("type=\"button\">#1 S seq 0</button>"));
    // Somebody may name what is not there.
    assert!(dump(&page, "#0").contains("Select a packet"));
    assert!(dump(&page, "#%3Cb%3E").contains("Select a packet"));
}

/// The page as it stands after its script ran.
fn dump(page: &str, hash: &str) -> String {
    let mut command = Command::new("chromium");
    command.args([
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1400,1000",
    ]);
    command.args([
        "--enable-logging=stderr",
        "--virtual-time-budget=3000",
        "--dump-dom",
    ]);
    let home = Path::new(page).with_file_name("browser");
    command.arg(format!("--user-data-dir={}", home.display()));
    command.arg(format!("file://{page}{hash}"));
    let output = command.output();
    let output = output.unwrap_or_else(|error| skip(Lack::Tools, &format!("chromium: {error}")));
    let complaints = said(&output.stderr);
    let complaints = complaints.lines().filter(|line| line.contains("CONSOLE"));
    assert_eq!(complaints.collect::<Vec<_>>(), Vec::<&str>::new());
    said(&output.stdout)
}

fn head(text: &str) -> String {
    text.chars().take(2_000).collect()
}
