use super::*;

const ARCHITECTURE: &str = "
## 2. Who may import whom

| module | modules | crates |
|---|---|---|
| base | nothing | rand |
| wire, `ip` | base | nothing |
| tcp | base, wire | nothing |
| net | base, tcp | tokio, futures-io |
| cli | everything | everything |

## 3. More
| other | everything | everything |
";

const MANIFEST: &str = "
[package]
name = \"x\"

[dependencies]
# A comment = nothing.
rand = { version = \"1\", features = [
    \"a\",
] }
futures-io = \"0.3\"
thiserror = \"2\"
tokio = \"1\"

[dev-dependencies]
proptest = \"1\"
";

fn texts(path: &str, text: &str) -> Vec<String> {
    let table = Table::read(ARCHITECTURE, MANIFEST);
    let found = check(&Source::new(path, text), &table);
    found.into_iter().map(|c| c.text).collect()
}

fn caught(path: &str, text: &str) {
    assert_eq!(texts(path, text).len(), 1, "{path}: {text}");
}

fn passes(path: &str, text: &str) {
    assert_eq!(texts(path, text), [""; 0], "{path}: {text}");
}

#[test]
fn the_table_is_read_from_its_section_alone() {
    let table = Table::read(ARCHITECTURE, MANIFEST);
    let modules: Vec<&String> = table.rows.keys().collect();
    assert!(modules.iter().all(|name| *name != "other"));
    assert_eq!(table.crates, ["rand", "futures_io", "thiserror", "tokio"]);
    assert_eq!(table.rows["net"].crates, Names::read("tokio, futures_io"));
}

#[test]
fn a_path_that_climbs_is_caught() {
    caught("src/wire/tcp.rs", "use crate::tcp::State;");
    caught("src/wire/tcp.rs", "fn f() -> crate::tcp::State {}");
    caught("src/wire/tcp.rs", "use super::super::tcp::State;");
    caught("src/wire/mod.rs", "use super::tcp::State;");
    caught("src/ip/receive.rs", "use crate::{base::{Seed, Mss}, tcp};");
    caught(
        "src/ip/receive.rs",
        "use crate::{\n    wire::Segment,\n    base,\n};",
    );
    passes(
        "src/tcp/open/isn.rs",
        "use super::super::state; use crate::{wire, base::Seed};",
    );
    passes(
        "src/tcp/mod.rs",
        "pub(crate) fn f() {} pub(in crate::tcp) fn g() {}",
    );
    passes(
        "src/wire/tcp.rs",
        "// crate::tcp\nconst A: &str = \"crate::tcp::x\";",
    );
    passes("src/cli/mod.rs", "use crate::{base, net, tcp};");
}

#[test]
fn citations_come_from_base() {
    passes(
        "src/wire/tcp.rs",
        "use crate::{house, rfc}; const A: u8 = crate::draft!();",
    );
    caught("src/base/cite.rs", "use crate::wire;");
}

#[test]
fn a_crate_that_the_table_does_not_grant_is_caught() {
    caught("src/wire/tcp.rs", "use rand::Rng;");
    caught("src/wire/tcp.rs", "let x = ::rand::random();");
    caught("src/wire/tcp.rs", "use futures_io::AsyncRead;");
    caught("src/wire/tcp.rs", "use rand;");
    passes("src/base/random.rs", "use rand::Rng;");
    passes("src/wire/tcp.rs", "use thiserror::Error;");
    passes(
        "src/net/mod.rs",
        "use futures_io::AsyncRead; use tokio::sync;",
    );
    // A module or variable of the same name is no crate.
    passes(
        "src/wire/tcp.rs",
        "let rand = crate::base::rand::seed(rand);",
    );
}

#[test]
fn a_module_without_a_row_is_caught() {
    caught("src/utils.rs", "fn f() {}");
    passes("src/lib.rs", "pub mod tcp;");
    passes("src/main.rs", "use x::cli; fn main() { tokio::run() }");
}

#[test]
fn the_core_touches_no_clock_thread_or_lock() {
    caught("src/tcp/mod.rs", "let now = std::time::Instant::now();");
    caught("src/tcp/mod.rs", "use std::time::SystemTime;");
    caught("src/tcp/mod.rs", "use std::thread;");
    caught("src/tcp/mod.rs", "use std::sync::Mutex;");
    caught("src/tcp/mod.rs", "let f = std::fs::read(p);");
    passes(
        "src/tcp/mod.rs",
        "#[cfg(test)]\nmod tests { use std::thread; }",
    );
    passes(
        "src/tcp/mod.rs",
        "/// Never asks `Instant::now()`.\nfn f(now: Instant) {}",
    );
    passes("src/net/clock.rs", "let now = std::time::Instant::now();");
}

#[test]
fn a_walk_over_a_hash_map_is_caught() {
    let demux = |line: &str| {
        let fields = "    pairs: HashMap<u8, u8>,\n    list: Vec<u8>,\n";
        format!("struct D {{\n{fields}}}\nfn f() {{\n    {line}\n}}\n")
    };
    caught("src/tcp/x.rs", &demux("self.pairs.iter().count();"));
    caught("src/tcp/x.rs", &demux("for key in self.pairs.keys() {}"));
    caught("src/tcp/x.rs", &demux("for (k, v) in &self.pairs {}"));
    caught("src/tcp/x.rs", &demux("for (k, v) in &mut self.pairs {}"));
    caught("src/tcp/x.rs", &demux("self.pairs.retain(|_, _| true);"));
    caught(
        "src/tcp/x.rs",
        "let seen = HashSet::new();\nfor x in seen {}\n",
    );
    passes(
        "src/tcp/x.rs",
        &demux("self.pairs.get(&1); self.list.iter();"),
    );
    passes("src/net/x.rs", &demux("self.pairs.iter();"));
}

#[test]
fn a_part_that_names_the_connection_is_caught() {
    caught("src/tcp/send_space.rs", "fn f(c: &mut Connection) {}");
    caught("src/tcp/recovery/rtt.rs", "impl Connection {}");
    caught("src/tcp/output/nagle.rs", "impl Connection {}");
    passes("src/tcp/output/choose.rs", "impl Connection {}");
    passes(
        "src/tcp/recovery/rtt.rs",
        "// A Connection has one.\nstruct ConnectionId;",
    );
}

#[test]
fn unsafe_code_away_from_the_kernel_is_caught() {
    caught("src/tcp/x.rs", "unsafe { f() }");
    let table = Table::read("Who may import whom\n| device | nothing | nothing |\n", "");
    let device = Source::new("src/device/tun.rs", "unsafe { f() }");
    assert_eq!(check(&device, &table), []);
}

#[test]
fn tests_may_name_everything() {
    let table = Table::read(ARCHITECTURE, MANIFEST);
    let mut source = Source::new("src/wire/tests.rs", "use crate::tcp::State;");
    source.is_test = true;
    assert_eq!(check(&source, &table), []);
}
