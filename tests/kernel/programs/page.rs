//! The page of a run, in a browser: it comes up whole, says nothing on the console, shows what its
//! address names, and does what keys and queries ask of it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Scratch, done, pellucid};
use crate::harness::{Case, Lack, Who, outside, skip};

pub const CASES: &[Case] = &[
    outside(
        "page::a_browser_draws_it_and_follows_its_links",
        Who::Caller,
        drawn,
    ),
    outside(
        "page::keys_and_queries_move_one_selection",
        Who::Caller,
        steered,
    ),
    outside("page::what_a_link_tells_is_drawn", Who::Caller, links),
    outside(
        "page::runs_that_are_compared_are_drawn_over_each_other",
        Who::Caller,
        overlaid,
    ),
];

/// A demonstration in one process; the page of it, and how many packets it has.
fn demo(scratch: &Scratch, more: &[&str]) -> (String, u64) {
    let mut command = pellucid();
    command
        .args(["demo", "--link", "in-process"])
        .args(more)
        .arg("-o");
    done(command.arg(&scratch.0));
    let summary = std::fs::read(scratch.file("0001-demo/summary.json")).expect("a summary");
    let summary: Value = serde_json::from_slice(&summary).expect("JSON");
    let packets = summary["packets"].as_u64().expect("a number");
    (scratch.file("0001-demo/report.html"), packets)
}

fn drawn() {
    let scratch = Scratch::new();
    let (page, packets) = demo(&scratch, &[]);
    let mut browser = Browser::start(&scratch);
    browser.open(&page, "", packets);
    assert!(browser.text("why").contains("Select a packet"));
    assert_eq!(browser.first_of("#ladder g.row text"), "#1");
    // What was lost on its way to us has no frame, and is drawn all the same.
    let findings = browser.text("findings");
    assert!(
        findings.contains("1 packet lost on the way to us, the first e2"),
        "{findings}"
    );
    browser.act("document.querySelectorAll('#findings button')[1].click()");
    assert!(
        browser
            .text_of("#ladder g.stray")
            .contains("lost on its way to us (scripted)")
    );
    assert_eq!(browser.hash(), "#e2");
    browser.act("document.getElementById('ladder').scrollTop = 0");
    // What Figure 5 calls the arrows; each leads to the packet that took it.
    let ways = browser.text("states-list");
    for words in ["CLOSED → SYN-SENT  #1", "TIME-WAIT → CLOSED"] {
        assert!(ways.contains(words), "{words} is missing from {ways}");
    }
    let lit = browser.count("#states path.lit");
    assert_eq!(
        browser.count("#states path.edge"),
        21,
        "Figure 5, and its note 2"
    );
    assert!((5..=7).contains(&lit), "{lit} of them");
    browser.act("document.querySelector('#states .jump').dispatchEvent(new Event('click'))");
    assert_eq!(browser.hash(), "#1");
    let first = browser.text("why");
    for words in [
        "an active OPEN: the handshake begins",
        "RFC 9293 3.10.1",
        "the application called open at +",
    ] {
        assert!(first.contains(words), "{words} is missing from {first}");
    }
    assert_eq!(browser.first_of("#ladder g.chosen text"), "#1");
    // Bytes and what they mean, beside each other: what is pointed at lights up in both.
    let packet = browser.text("packet");
    assert!(
        packet.contains("window scale") && packet.contains("0000  45"),
        "{packet}"
    );
    browser.act(
        "document.querySelector('#packet .field')\
         .dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))",
    );
    // The byte, and the letter that it would be.
    assert_eq!(browser.text_of("#packet .hex .pointed"), "45E");

    // A received packet names the one of ours that it answers, as something to press.
    browser.open(&page, "#2", packets);
    let second = browser.text("why");
    assert!(second.contains("SYN,ACK that answers our SYN"), "{second}");
    browser.act("document.querySelector('#why button.link').click()");
    assert_eq!(browser.hash(), "#1");
    // Somebody may name what is not there.
    for hash in ["#0", "#%3Cb%3E"] {
        browser.open(&page, hash, packets);
        assert!(browser.text("why").contains("Select a packet"), "{hash}");
    }
    assert_eq!(browser.complaints, Vec::<String>::new());
}

fn steered() {
    let scratch = Scratch::new();
    let (page, packets) = demo(&scratch, &[]);
    let mut browser = Browser::start(&scratch);
    browser.open(&page, "", packets);
    for (key, hash) in [("j", "#1"), ("j", "#2"), ("k", "#1"), ("Escape", "")] {
        browser.key(key);
        assert_eq!(browser.hash(), hash, "{key}");
    }
    browser.key("?");
    assert!(browser.text("help").contains("next and previous packet"));

    let segments = browser.ask("tcp:segment_sent");
    let more = browser.ask("tcp:segment_disposed where len >= 0");
    let number = |said: &str| -> u64 {
        let digits: String = said.chars().filter(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    };
    // A run of TCP alone: each packet is one or the other.
    assert_eq!(number(&segments) + number(&more), packets);
    for (query, said) in [
        ("tcp:state_updated where new='time_wait'", "2 matches"),
        ("tcp:segment_sent where flags~'S' and frame = 1", "1 match"),
        // The SYNs of two connections, and the first answer.
        (
            "tcp:* where purpose='syn' or frame < 3 or len = 0 - 1",
            "3 matches",
        ),
        ("tcp:segment_sent where frame = 1 and ack = null", "1 match"),
        ("tcp:segment_sent where frame = 1 and ack != 7", "0 matches"),
        (
            "tcp:segment_sent where len > 2*mss and len < 1B",
            "0 matches",
        ),
        (
            "count(tcp:opened) = 2",
            "column 1: count(…) is answered by pellucid events",
        ),
        (
            "tcp:segment_snt",
            "column 1: this page holds no event tcp:segment_snt; did you mean tcp:segment_sent?",
        ),
        (
            "tcp:opened where len=",
            "column 22: expected a value, found the end",
        ),
    ] {
        assert_eq!(browser.ask(query), said, "{query}");
    }
    assert_eq!(browser.complaints, Vec::<String>::new());
}

/// What a link tells is not in a demonstration: a few lines of it are put there by hand.
fn links() {
    let scratch = Scratch::new();
    let (page, packets) = demo(&scratch, &["--clean"]);
    let events = scratch.file("0001-demo/events.jsonl");
    let mut text = std::fs::read_to_string(&events).expect("events");
    let sent = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let sent: Vec<Value> = sent
        .filter(|event| event["name"] == "tcp:segment_sent" && event["data"]["len"] != 0)
        .take(1)
        .collect();
    let (id, time) = (&sent[0]["id"], &sent[0]["time"]);
    for (name, data) in [
        ("link:queue_updated", json!({"bytes": 1500, "packets": 1})),
        ("link:dropped", json!({"packet": id, "reason": "random"})),
        ("link:queue_updated", json!({"bytes": 0, "packets": 0})),
    ] {
        let mut data = data;
        data["link"] = "<b>l1</b>".into();
        data["way"] = "forward".into();
        let event = json!({"time": time, "name": name, "host": "link", "data": data});
        text.push_str(&format!("{event}\n"));
    }
    std::fs::write(&events, text).expect("room");
    let mut command = pellucid();
    command.args(["report", "1", "-o"]);
    done(command.arg(&scratch.0));

    let mut browser = Browser::start(&scratch);
    let hash = format!("#{}", sent[0]["data"]["frame"]);
    browser.open(&page, &hash, packets);
    assert!(browser.text("why").contains("dropped: random"));
    assert_eq!(browser.text_of("#ladder g.chosen .cross"), "✕");
    assert!(browser.text_of("#sequence .mark").contains('✕'));
    let finding = browser.text("queue-finding");
    assert!(
        finding.contains("1 packet dropped by the link, at most 1 packet in <b>l1</b> forward"),
        "{finding}"
    );
    assert_eq!(browser.complaints, Vec::<String>::new());
}

/// Two variants with two seeds: of each run what is acknowledged, the window, and two queues.
fn overlaid() {
    let scratch = Scratch::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = pellucid();
    command.arg("compare");
    command.arg(root.join("examples/scenarios/sack-one-hole.toml"));
    command.args([
        "--cc",
        "reno,bbr",
        "--seeds",
        "1,2",
        "--expect",
        "reno.rto = 0",
        "-o",
    ]);
    done(command.arg(&scratch.0));
    let mut browser = Browser::start(&scratch);
    browser.open(&scratch.file("0001-compare/compare.html"), "", 2 * 2 * 4);
    assert_eq!(browser.count("#figures tbody tr"), 2);
    assert_eq!(browser.text("claims"), "reno.rto = 0   reno.rto = 0.0");
    assert_eq!(browser.count("#congestion_window path.run"), 4);
    browser.act("document.querySelector('#variants input').click()");
    assert_eq!(browser.count("#congestion_window path.run"), 2);
    assert_eq!(browser.count("#wait path.run"), 2);
    let parting = browser.text("partings");
    assert!(parting.contains("bbr: same until +1."), "{parting}");
    // Beside a graph each point says what holds there.
    browser.act(
        "(() => { const box = document.getElementById('acknowledged').getBoundingClientRect(); \
         document.getElementById('acknowledged').dispatchEvent(new PointerEvent('pointermove', \
         {clientX: box.right - 20, clientY: box.top + 30})) })()",
    );
    let finding = browser.text("acknowledged-finding");
    assert!(
        finding.starts_with("bbr, seed ") && finding.contains(" B at "),
        "{finding}"
    );
    // Where they part is one step away, and so is the way back.
    let ticks = browser.text("acknowledged");
    browser.act("document.querySelector('#partings button').click()");
    assert_ne!(browser.text("acknowledged"), ticks);
    browser.key("Escape");
    assert_eq!(browser.text("acknowledged"), ticks);
    assert_eq!(browser.complaints, Vec::<String>::new());
}

/// A browser without a window, asked by its debugging protocol: JSON and a null, over pipes.
struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    last: u64,
    /// What came on the console.
    complaints: Vec<String>,
}

impl Browser {
    fn start(scratch: &Scratch) -> Browser {
        let home = Path::new(&scratch.0).join("browser");
        let mut command = Command::new("sh");
        // It reads from descriptor 3 and writes to 4.
        command.args([
            "-c",
            "exec chromium \"$@\" 3<&0 4>&1 >/dev/null",
            "chromium",
        ]);
        command.args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-pipe",
        ]);
        command.arg("--window-size=1400,1000");
        command.arg(format!("--user-data-dir={}", home.display()));
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let is_there = Command::new("chromium").arg("--version").output();
        if let Err(error) = is_there {
            skip(Lack::Tools, &format!("chromium: {error}"));
        }
        let mut child = command.spawn().expect("a shell");
        let to = child.stdin.take().expect("piped");
        let from = BufReader::new(child.stdout.take().expect("piped"));
        let mut browser = Browser {
            child,
            to,
            from,
            session: None,
            last: 0,
            complaints: Vec::new(),
        };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attached = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", attached);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.call(domain, json!({}));
        }
        browser
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.to
            .write_all(format!("{message}\0").as_bytes())
            .expect("it reads");
        loop {
            let mut answer = Vec::new();
            self.from.read_until(0, &mut answer).expect("it answers");
            assert_eq!(answer.pop(), Some(0), "the browser is gone");
            let mut answer: Value = serde_json::from_slice(&answer).expect("JSON");
            if answer["id"] == self.last {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            let method = answer["method"].as_str().unwrap_or_default();
            if [
                "Runtime.consoleAPICalled",
                "Runtime.exceptionThrown",
                "Log.entryAdded",
            ]
            .contains(&method)
            {
                self.complaints.push(answer["params"].to_string());
            }
        }
    }

    /// Opens a page anew and waits until its script has shown all packets.
    fn open(&mut self, page: &str, hash: &str, packets: u64) {
        self.call("Page.navigate", json!({"url": "about:blank"}));
        self.call(
            "Page.navigate",
            json!({"url": format!("file://{page}{hash}")}),
        );
        let wanted = packets.to_string();
        for _ in 0..600 {
            let ready = self.value("document.documentElement?.dataset.ready ?? ''");
            if ready.as_str().is_some_and(|ready| ready == wanted) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("it does not come up: {:?}", self.complaints);
    }

    fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.call("Runtime.evaluate", asked);
        assert!(answer.get("exceptionDetails").is_none(), "{answer}");
        answer["result"]["value"].take()
    }

    fn words(&mut self, expression: &str) -> String {
        let value = self.value(expression);
        value.as_str().unwrap_or_default().to_owned()
    }

    fn act(&mut self, expression: &str) {
        self.value(expression);
        // What a page does about it may wait for the next frame.
        self.value("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
    }

    fn text(&mut self, id: &str) -> String {
        self.words(&format!("document.getElementById('{id}').textContent"))
    }

    /// All text of what a selector finds.
    fn text_of(&mut self, selector: &str) -> String {
        self.words(&format!(
            "[...document.querySelectorAll('{selector}')].map((e) => e.textContent).join('')"
        ))
    }

    fn first_of(&mut self, selector: &str) -> String {
        self.words(&format!("document.querySelector('{selector}').textContent"))
    }

    fn count(&mut self, selector: &str) -> u64 {
        let many = self.value(&format!("document.querySelectorAll('{selector}').length"));
        many.as_u64().expect("a number")
    }

    fn hash(&mut self) -> String {
        self.words("location.hash")
    }

    fn key(&mut self, key: &str) {
        self.act(&format!(
            "document.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}}))"
        ));
    }

    /// What the page says to a query.
    fn ask(&mut self, query: &str) -> String {
        let query = Value::from(query);
        self.act(&format!(
            "{{ const box = document.getElementById('query'); box.value = {query}; \
             box.dispatchEvent(new Event('input')); }}"
        ));
        self.text("query-said")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
