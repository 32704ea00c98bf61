//! What shell commands of scripts mean: none of them runs, each is matched.

use std::net::IpAddr;
use std::time::Duration;

use crate::stack::Prefix;

use super::shell::{self, Simple};

/// One command, and when it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doing {
    /// It is done only if the one before it failed, and then counts in its place.
    pub otherwise: bool,
    pub action: Action,
}

/// What a command does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The stack is reset to the settings of the usual suites.
    Defaults,
    /// What is cached of other hosts is forgotten.
    FlushMetrics,
    /// A setting of the stack.
    Set {
        key: String,
        value: String,
        /// A key that there is none of does not matter.
        lenient: bool,
        /// [`Action::Restore`] undoes it.
        saved: bool,
    },
    /// What was set with `saved` is as it was before.
    Restore,
    /// The counters are sampled.
    Sample,
    /// A counter has changed since it was sampled last, by so much if that is said.
    Changed { counter: String, by: Option<u64> },
    /// What becomes of outbound packets below the stack.
    Queue(Queue),
    /// What is known of the way to a destination.
    Route(Route),
    /// HyStart's mode.
    HyStart(u8),
    /// A file of so many bytes, or none.
    File { path: String, size: Option<u64> },
    /// Whether somebody listens on a port.
    Listens(u16),
    /// Whether so many endpoints are in a state, on a local port if one is named.
    Endpoints {
        state: String,
        count: usize,
        port: Option<u16>,
    },
    /// Endpoints in a state are deleted.
    Delete(String),
    /// Nothing that matters here.
    Nothing,
    /// Nobody here knows.
    Unknown(String),
}

/// What is below the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Everything is dropped, and the stack knows.
    Drop,
    Normal,
    /// Packets leave when the stack says.
    Paced,
}

/// Attributes of a route; `None`: as everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Route {
    /// `None`: all that have no route of their own.
    pub destination: Option<Prefix>,
    pub gateway: Option<IpAddr>,
    pub advmss: Option<u16>,
    pub mtu: Option<u32>,
    /// ICMP may not lower the MTU.
    pub locked: bool,
    pub initcwnd: Option<u32>,
    pub rto_min: Option<Duration>,
    /// Congestion control, by its name.
    pub congctl: Option<String>,
    pub hoplimit: Option<u8>,
}

/// Reads a command's text.
pub fn read(text: &str) -> Vec<Doing> {
    let Some(steps) = shell::read(text) else {
        let unknown = Action::Unknown("syntax".into());
        return vec![Doing {
            otherwise: false,
            action: unknown,
        }];
    };
    let mut list = Vec::new();
    for step in steps {
        for (nth, action) in pipeline(&step.pipeline).into_iter().enumerate() {
            list.push(Doing {
                otherwise: step.otherwise && nth == 0,
                action,
            });
        }
    }
    list
}

fn pipeline(parts: &[Simple]) -> Vec<Action> {
    let [first, rest @ ..] = parts else {
        return Vec::new();
    };
    let words: Vec<&str> = first.words.iter().map(String::as_str).collect();
    let Some((program, args)) = words.split_first() else {
        return Vec::new();
    };
    let base = program.rsplit('/').next().unwrap_or(program);
    let one = match (base, rest.is_empty()) {
        ("sysctl", true) => return sysctl(args),
        (_, true) if base == "set_sysctls.py" => return set_sysctls(args),
        ("nstat", _) => nstat(args, rest),
        ("grep", false) => listener(args, rest),
        ("sockstat", false) => sockstat(args, rest),
        ("echo", true) => echo(args, first.to.as_deref()),
        (_, true) => alone(base, args),
        _ => None,
    };
    vec![one.unwrap_or_else(|| Action::Unknown(base.to_owned()))]
}

/// Commands that stand alone.
fn alone(base: &str, args: &[&str]) -> Option<Action> {
    Some(match (base, args) {
        _ if base.ends_with("defaults.sh") => Action::Defaults,
        ("sh" | "bash" | "." | "source", [script]) if script.ends_with("defaults.sh") => {
            Action::Defaults
        }
        _ if base.starts_with("sysctl_restore_") => Action::Restore,
        ("ip", ["tcp_metrics", "flush", "all"]) => Action::FlushMetrics,
        ("ip", ["route", "change", rest @ ..]) => route(rest),
        ("ip", ["-6" | "-4", "route", "change", rest @ ..]) => route(rest),
        ("tc", ["qdisc", rest @ ..]) => Action::Queue(queue(rest)?),
        ("ethtool", ["-K", ..]) | ("true" | ":", []) => Action::Nothing,
        ("dd", _) => file(args)?,
        ("rm", _) => removed(args)?,
        ("tcpdrop", ["-s", state]) => Action::Delete((*state).to_owned()),
        _ => return None,
    })
}

/// `sysctl [-q] [-w] [-e] K=V ...`
fn sysctl(args: &[&str]) -> Vec<Action> {
    let mut list = Vec::new();
    let mut lenient = false;
    for arg in args {
        match arg.split_once('=') {
            None if matches!(*arg, "-q" | "-w" | "-qw" | "-wq") => {}
            None if matches!(*arg, "-e" | "-eq" | "-qe" | "-ew" | "-we") => lenient = true,
            None => return vec![Action::Unknown("sysctl".into())],
            Some((key, value)) => list.push(Action::Set {
                key: key.replace('/', "."),
                value: normal(value),
                lenient,
                saved: false,
            }),
        }
    }
    list
}

/// `/proc/sys/net/ipv4/K=V ...`
fn set_sysctls(args: &[&str]) -> Vec<Action> {
    let each = args.iter().map(|arg| {
        let (path, value) = arg.split_once('=')?;
        let key = path.strip_prefix("/proc/sys/")?;
        Some(Action::Set {
            key: key.replace('/', "."),
            value: normal(value),
            lenient: false,
            saved: true,
        })
    });
    let list: Option<Vec<Action>> = each.collect();
    list.unwrap_or_else(|| vec![Action::Unknown("set_sysctls.py".into())])
}

/// Values with one blank between.
fn normal(value: &str) -> String {
    let words: Vec<&str> = value.split_whitespace().collect();
    words.join(" ")
}

/// `nstat`, `nstat -n`, `nstat | grep NAME [| grep -q " N "]`
fn nstat(args: &[&str], rest: &[Simple]) -> Option<Action> {
    if args.iter().any(|arg| !arg.starts_with('-')) {
        return None;
    }
    let greps: Option<Vec<&str>> = rest.iter().map(grepped).collect();
    match greps?[..] {
        [] => Some(Action::Sample),
        [name] => Some(Action::Changed {
            counter: name.to_owned(),
            by: None,
        }),
        [name, number] => Some(Action::Changed {
            counter: name.to_owned(),
            by: Some(number.trim().parse().ok()?),
        }),
        _ => None,
    }
}

/// What one `grep` of a pipeline looks for.
fn grepped(simple: &Simple) -> Option<&str> {
    match simple.words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["grep", pattern] | ["grep", "-q", pattern] => {
            // The borrow is that of `simple`, not of the list.
            simple
                .words
                .iter()
                .map(String::as_str)
                .find(|w| *w == pattern)
        }
        _ => None,
    }
}

/// `grep " 0A " .../net/tcp .../net/tcp6 | grep ":1F90"`: state 0A is LISTEN.
fn listener(args: &[&str], rest: &[Simple]) -> Option<Action> {
    let [state, files @ ..] = args else {
        return None;
    };
    let tables = files
        .iter()
        .all(|f| f.ends_with("net/tcp") || f.ends_with("net/tcp6"));
    let [last] = rest else {
        return None;
    };
    let port = grepped(last)?.trim().strip_prefix(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    (state.trim() == "0A" && tables).then_some(Action::Listens(port))
}

/// `sockstat -4|-6 -P tcp -s [-p PORT] | grep ... | grep -c STATE | grep N`
fn sockstat(args: &[&str], rest: &[Simple]) -> Option<Action> {
    let mut port = None;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "-p" => port = Some(args.next()?.parse().ok()?),
            "-P" => _ = args.next()?,
            "-4" | "-6" | "-s" | "-n" | "-q" | "-c" | "-L" => {}
            _ => return None,
        }
    }
    let (last, before) = rest.split_last()?;
    let count = grepped(last)?
        .trim()
        .trim_matches(['^', '$'])
        .parse()
        .ok()?;
    let counted = before.last()?;
    let [grep, flag, state] = &counted.words[..] else {
        return None;
    };
    if grep != "grep" || flag != "-c" {
        return None;
    }
    Some(Action::Endpoints {
        state: state.clone(),
        count,
        port,
    })
}

/// `ADDR via GW dev tunN [advmss N] [mtu [lock] N] [initcwnd N] [rto_min Nms] [congctl NAME]
/// [hoplimit N]`
fn route(words: &[&str]) -> Action {
    let mut rest = words.iter().copied();
    let mut route = Route::default();
    let destination = match rest.next() {
        Some("default") => Some(None),
        Some(named) => prefix(named).map(Some),
        None => None,
    };
    let Some(destination) = destination else {
        return Action::Unknown("ip route".into());
    };
    route.destination = destination;
    while let Some(word) = rest.next() {
        let value = rest.next().unwrap_or_default();
        let locked = word == "mtu" && value == "lock";
        let value = if locked {
            rest.next().unwrap_or_default()
        } else {
            value
        };
        route.locked |= locked;
        if route.take(word, value).is_none() {
            // By its name, so that it is known which attribute is missing here.
            return Action::Unknown(format!("ip route:{word}"));
        }
    }
    Action::Route(route)
}

/// An address, or a network by its first address and the length of its prefix.
fn prefix(named: &str) -> Option<Prefix> {
    match named.split_once('/') {
        Some((addr, len)) => Some(Prefix::new(addr.parse().ok()?, len.parse().ok()?)),
        None => named.parse().ok().map(Prefix::host),
    }
}

impl Route {
    fn take(&mut self, word: &str, value: &str) -> Option<()> {
        match word {
            "via" => self.gateway = Some(value.parse().ok()?),
            "dev" => {}
            "advmss" => self.advmss = Some(value.parse().ok()?),
            "initcwnd" => self.initcwnd = Some(value.parse().ok()?),
            "mtu" => self.mtu = Some(value.parse().ok()?),
            "hoplimit" => self.hoplimit = Some(value.parse().ok()?),
            "congctl" => self.congctl = Some(value.to_owned()),
            "rto_min" => {
                let millis = value.strip_suffix("ms")?.parse().ok()?;
                self.rto_min = Some(Duration::from_millis(millis));
            }
            _ => return None,
        }
        Some(())
    }
}

fn queue(words: &[&str]) -> Option<Queue> {
    let has = |word: &str| words.contains(&word);
    match words {
        [.., "limit", "0"] if has("pfifo") || has("bfifo") => Some(Queue::Drop),
        _ if has("fq") => Some(Queue::Paced),
        _ if has("pfifo") || has("pfifo_fast") || words.first() == Some(&"del") => {
            Some(Queue::Normal)
        }
        _ => None,
    }
}

fn echo(args: &[&str], to: Option<&str>) -> Option<Action> {
    let [value] = args else {
        return None;
    };
    to?.ends_with("tcp_cubic/parameters/hystart_detect")
        .then_some(Action::HyStart(value.parse().ok()?))
}

/// `dd if=/dev/zero of=FILE bs=N count=N`
fn file(args: &[&str]) -> Option<Action> {
    let value = |name: &str| {
        let found = args.iter().find_map(|arg| arg.strip_prefix(name));
        found.and_then(|rest| rest.strip_prefix('='))
    };
    let bytes = |text: &str| -> Option<u64> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "" => 1,
            "k" | "K" => 1 << 10,
            "M" => 1 << 20,
            _ => return None,
        };
        digits.parse::<u64>().ok()?.checked_mul(unit)
    };
    let block = value("bs").map_or(Some(512), bytes)?;
    let size = block.checked_mul(value("count").map_or(Some(1), bytes)?)?;
    Some(Action::File {
        path: value("of")?.to_owned(),
        size: Some(size).filter(|size| *size <= FILE_MAX)?.into(),
    })
}

fn removed(args: &[&str]) -> Option<Action> {
    let paths: Vec<&&str> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    match paths[..] {
        [path] => Some(Action::File {
            path: (*path).to_owned(),
            size: None,
        }),
        _ => None,
    }
}

/// Files live in memory.
const FILE_MAX: u64 = 1 << 26;

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Action {
        let mut list = read(text);
        assert_eq!(list.len(), 1, "{text}: {list:?}");
        list.remove(0).action
    }

    fn set(key: &str, value: &str, lenient: bool, saved: bool) -> Action {
        Action::Set {
            key: key.into(),
            value: value.into(),
            lenient,
            saved,
        }
    }

    #[test]
    fn settings_are_made() {
        let key = "net.ipv4.tcp_ecn";
        assert_eq!(
            one("sysctl -q net.ipv4.tcp_ecn=1"),
            set(key, "1", false, false)
        );
        assert_eq!(
            one("sysctl -w net/ipv4/tcp_ecn=1"),
            set(key, "1", false, false)
        );
        assert_eq!(
            one("sysctl -e -q net.ipv4.tcp_ecn=1"),
            set(key, "1", true, false)
        );
        let two = read("sysctl -q a=1 b=\"4096   5 6\"");
        assert_eq!(two[1].action, set("b", "4096 5 6", false, false));
        assert_eq!(
            one("../common/set_sysctls.py /proc/sys/net/ipv4/tcp_ecn=1"),
            set(key, "1", false, true)
        );
        assert_eq!(one("/tmp/sysctl_restore_${PPID}.sh"), Action::Restore);
        assert_eq!(
            one("sysctl net.ipv4.tcp_ecn"),
            Action::Unknown("sysctl".into())
        );
    }

    #[test]
    fn the_suites_own_scripts_are_known() {
        for text in [
            "../common/defaults.sh",
            "./defaults.sh",
            "sh ../common/defaults.sh",
        ] {
            assert_eq!(one(text), Action::Defaults, "{text}");
        }
        assert_eq!(
            one("ip tcp_metrics flush all >/dev/null 2>&1"),
            Action::FlushMetrics
        );
        assert_eq!(one("ethtool -K tun0 tso off gso off"), Action::Nothing);
    }

    #[test]
    fn counters_are_sampled_and_looked_at() {
        assert_eq!(one("nstat"), Action::Sample);
        assert_eq!(one("nstat -n"), Action::Sample);
        let changed = |by| Action::Changed {
            counter: "TcpExtBeyondWindow".into(),
            by,
        };
        assert_eq!(one("nstat | grep TcpExtBeyondWindow"), changed(None));
        assert_eq!(
            one("nstat | grep TcpExtBeyondWindow | grep -q \" 2 \""),
            changed(Some(2))
        );
        assert_eq!(one("nstat | wc -l"), Action::Unknown("nstat".into()));
    }

    #[test]
    fn what_lies_below_the_stack_is_set() {
        let queue = |text: &str| match one(text) {
            Action::Queue(queue) => queue,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(
            queue("tc qdisc replace dev tun0 root pfifo limit 0"),
            Queue::Drop
        );
        assert_eq!(queue("tc qdisc replace dev tun0 root pfifo"), Queue::Normal);
        assert_eq!(queue("tc qdisc replace dev tun0 root fq"), Queue::Paced);
        assert_eq!(
            one("ip route change 192.0.2.1 via 192.168.0.2 dev tun0 advmss 1000 mtu lock 1400"),
            Action::Route(Route {
                destination: "192.0.2.1".parse().ok().map(Prefix::host),
                gateway: "192.168.0.2".parse().ok(),
                advmss: Some(1000),
                mtu: Some(1400),
                locked: true,
                ..Route::default()
            })
        );
        assert!(matches!(
            one("ip -6 route change fd3d::1 via fd3d::2 dev tun0 initcwnd 3"),
            Action::Route(Route {
                initcwnd: Some(3),
                ..
            })
        ));
        assert_eq!(
            one("ip route change 192.0.2.1 via 192.168.0.2 dev tun0 rto_min 5"),
            Action::Unknown("ip route:rto_min".into())
        );
    }

    #[test]
    fn files_and_parameters_are_written() {
        assert_eq!(
            one("echo 2 > /sys/module/tcp_cubic/parameters/hystart_detect"),
            Action::HyStart(2)
        );
        assert_eq!(one("echo 2"), Action::Unknown("echo".into()));
        let file = |size| Action::File {
            path: "/tmp/f".into(),
            size,
        };
        assert_eq!(
            one("dd bs=1k count=4 if=/dev/zero of=/tmp/f"),
            file(Some(4096))
        );
        assert_eq!(one("rm -f /tmp/f"), file(None));
    }

    #[test]
    fn endpoints_are_asked_for() {
        assert_eq!(
            one("grep \" 0A \" /proc/net/tcp /proc/net/tcp6 | grep \":1F90\""),
            Action::Listens(8080)
        );
        assert_eq!(
            one("sockstat -4 -P tcp -s -p 8080 | grep -v LISTEN | grep -c TIME_WAIT | grep 1"),
            Action::Endpoints {
                state: "TIME_WAIT".into(),
                count: 1,
                port: Some(8080)
            }
        );
        assert_eq!(
            one("tcpdrop -s TIME_WAIT"),
            Action::Delete("TIME_WAIT".into())
        );
    }

    #[test]
    fn what_nobody_knows_is_named() {
        assert_eq!(one("/usr/bin/frob -x"), Action::Unknown("frob".into()));
        assert_eq!(one("setkey -f x"), Action::Unknown("setkey".into()));
        assert_eq!(one("echo 'x"), Action::Unknown("syntax".into()));
        let both = read("frob || true");
        assert!(both[1].otherwise && !both[0].otherwise);
    }
}
