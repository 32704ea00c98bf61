//! Runs cases, each in a child process that enters its own namespaces first.
//!
//! The standard harness starts threads, and a process with threads cannot enter a user namespace.
//! So this binary starts itself again, once for each case, and speaks like the standard one:
//! `test NAME ... ok`, what a failed case printed, and the three counts at the end.
//!
//! A case that cannot run on this machine says what it lacks and is counted as skipped. With
//! `PELLUCID_REQUIRE=netns` (or `tun`, `veth`, `tools`; several with commas) lacking it is a
//! failure.

use std::fs;
use std::io::{Read, Seek};
use std::os::fd::OwnedFd;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pellucid::namespace::{Inside, Mounts, enter};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{DumpableBehavior, Gid, Uid, geteuid, set_dumpable_behavior};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// One behaviour.
#[derive(Clone, Copy)]
pub struct Case {
    /// `topic::behaviour`.
    pub name: &'static str,
    /// Whose rights it is tried with.
    pub who: Who,
    /// What is done; it panics if the behaviour is another.
    pub run: Run,
}

/// Whose rights a case has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Those of whoever started the tests.
    Caller,
    /// Those of a user without any.
    Nobody,
}

/// Where a case begins.
#[derive(Clone, Copy)]
pub enum Run {
    /// In a private namespace with nothing but `lo`.
    Inside(fn(&Inside)),
    /// Outside: the case is about entering, and must do nothing to the network before it.
    Outside(fn()),
}

/// A case that begins outside.
pub const fn outside(name: &'static str, who: Who, run: fn()) -> Case {
    Case {
        name,
        who,
        run: Run::Outside(run),
    }
}

/// A case that begins in a private namespace.
pub const fn inside(name: &'static str, run: fn(&Inside)) -> Case {
    Case {
        name,
        who: Who::Caller,
        run: Run::Inside(run),
    }
}

/// What a machine may lack.
#[derive(Clone, Copy)]
pub enum Lack {
    Netns,
    Tun,
    Veth,
    /// A program that a case starts: `ip`, `nft`, `curl`, `ping`, `tracepath`, `nc`,
    /// `tshark`, `tcpdump`, `tcptrace`, `nsd`, `unbound`, `dig`, `openssl`.
    Tools,
}

/// Ends this case without a result.
pub fn skip(lack: Lack, reason: &str) -> ! {
    let word = match lack {
        Lack::Netns => "netns",
        Lack::Tun => "tun",
        Lack::Veth => "veth",
        Lack::Tools => "tools",
    };
    println!("{reason}");
    let required = std::env::var("PELLUCID_REQUIRE").unwrap_or_default();
    let any = !required.is_empty() && word == "netns";
    if any || required.split(',').any(|one| one == word) {
        println!("and PELLUCID_REQUIRE={required} demands it");
        std::process::exit(FAILED);
    }
    std::process::exit(SKIPPED);
}

/// Runs what the command line asks for.
pub fn main(topics: &[&[Case]]) -> ExitCode {
    let cases: Vec<Case> = topics.concat();
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, name] = args.as_slice()
        && flag == "--case"
    {
        let case = cases.iter().find(|case| case.name == name);
        return case.map_or(ExitCode::FAILURE, run_here);
    }
    let filters: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let is_wanted = |case: &&Case| {
        filters.is_empty() || filters.iter().any(|part| case.name.contains(part.as_str()))
    };
    let wanted: Vec<&Case> = cases.iter().filter(is_wanted).collect();
    if args.iter().any(|arg| arg == "--list") {
        wanted
            .iter()
            .for_each(|case| println!("{}: test", case.name));
        return ExitCode::SUCCESS;
    }
    report(&run_all(&wanted))
}

/// The child's part.
fn run_here(case: &Case) -> ExitCode {
    let outside = network();
    if case.who == Who::Nobody {
        become_nobody();
    }
    match case.run {
        Run::Outside(run) => run(),
        Run::Inside(run) => match enter(Mounts::Shared) {
            Ok(inside) => {
                // Whatever else is wrong: no case touches the machine's own network.
                assert_ne!(network(), outside, "still on the machine's network");
                run(&inside);
            }
            Err(refusal) => skip(Lack::Netns, &format!("{refusal}: {}", refusal.why)),
        },
    }
    ExitCode::SUCCESS
}

/// Which network namespace this process is in.
fn network() -> std::path::PathBuf {
    fs::read_link("/proc/self/ns/net").expect("/proc is mounted")
}

/// Gives up all rights, if there are any.
fn become_nobody() {
    if !geteuid().is_root() {
        return;
    }
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    let became = set_thread_groups(&[])
        .and_then(|()| set_thread_res_gid(group, group, group))
        .and_then(|()| set_thread_res_uid(user, user, user))
        // Else what lies in /proc/self would still be root's.
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::Dumpable));
    if let Err(errno) = became {
        // As in a user namespace that has one user only.
        skip(Lack::Netns, &format!("cannot become another user: {errno}"));
    }
}

/// How a case ended, and what it printed.
struct Outcome {
    name: &'static str,
    ending: Ending,
    output: String,
}

#[derive(PartialEq, Eq)]
enum Ending {
    Passed,
    Failed,
    Skipped,
}

fn run_all(cases: &[&Case]) -> Vec<Outcome> {
    println!("\nrunning {} tests", cases.len());
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = run_apart(case);
            let mut outcomes = outcomes.lock().expect("no worker panics with the lock");
            outcome.print();
            outcomes.push(outcome);
        }
    };
    std::thread::scope(|scope| {
        (0..AT_ONCE).for_each(|_| {
            scope.spawn(work);
        });
    });
    outcomes.into_inner().expect("the workers are done")
}

/// Runs one case in a child, and ends that child if it does not end.
fn run_apart(case: &Case) -> Outcome {
    // A file in memory: the child never waits for somebody to read, nor we for its children.
    let output = memfd_create("case", MemfdFlags::CLOEXEC).expect("a file in memory");
    let copy = || Stdio::from(output.try_clone().expect("a descriptor"));
    let mut child = Command::new("/proc/self/exe")
        .args(["--case", case.name])
        .stdin(Stdio::null())
        .stdout(copy())
        .stderr(copy())
        .spawn()
        .expect("this binary starts again");
    let deadline = Instant::now() + TIME_MAX;
    let status = loop {
        match child.try_wait().expect("our child") {
            Some(status) => break Some(status),
            None if Instant::now() >= deadline => {
                child.kill().expect("our child");
                child.wait().expect("our child");
                break None;
            }
            None => std::thread::sleep(LOOK_EVERY),
        }
    };
    let mut output = read(output);
    let ending = match status.as_ref().and_then(ExitStatus::code) {
        Some(0) => Ending::Passed,
        Some(SKIPPED) => Ending::Skipped,
        _ => Ending::Failed,
    };
    if status.is_none() {
        output.push_str(&format!("not done after {} s: ended\n", TIME_MAX.as_secs()));
    }
    Outcome {
        name: case.name,
        ending,
        output,
    }
}

fn read(file: OwnedFd) -> String {
    let mut file = fs::File::from(file);
    let mut bytes = Vec::new();
    file.rewind().expect("a file in memory");
    file.read_to_end(&mut bytes).expect("a file in memory");
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Outcome {
    fn print(&self) {
        let name = self.name;
        match self.ending {
            Ending::Passed => println!("test {name} ... ok"),
            Ending::Failed => println!("test {name} ... FAILED"),
            Ending::Skipped => {
                println!("test {name} ... skipped: {}", self.output.trim_end());
            }
        }
    }
}

fn report(outcomes: &[Outcome]) -> ExitCode {
    let count = |ending| outcomes.iter().filter(|one| one.ending == ending).count();
    for failed in outcomes.iter().filter(|one| one.ending == Ending::Failed) {
        println!("\n---- {} ----\n{}", failed.name, failed.output.trim_end());
    }
    let (passed, failed) = (count(Ending::Passed), count(Ending::Failed));
    println!(
        "\n{passed} passed, {failed} failed, {} skipped",
        count(Ending::Skipped)
    );
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Exit codes of a child besides 0. A panic ends with 101.
const FAILED: i32 = 1;
const SKIPPED: i32 = 77;
/// Cases at a time: this many cores are taken for granted.
const AT_ONCE: usize = 2;
/// How long a case may take. Those that carry 100 MiB take ten seconds, all others one or two; a
/// busy machine may be tens of times slower.
const TIME_MAX: Duration = Duration::from_secs(240);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The user whom Linux gives nothing.
const NOBODY: u32 = 65_534;
