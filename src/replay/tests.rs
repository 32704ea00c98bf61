use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::base::{Bytes, Instant, InterfaceId, Offloads, Received, Seed};
use crate::runs::create_file;
use crate::sim::swarm::{draw, run_from_birth};
use crate::sim::{Birth, NodeId};
use crate::stack::{
    Algorithm, Config, CookieKeys, EchoRequest, Input, KeepAlive, Prefix, Route, Stack, TcpConfig,
};

use super::*;

/// A folder that goes when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let unique = format!("pellucid-replay-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(unique);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    fn tape(&self, name: &str) -> (PathBuf, Tape) {
        let path = self.0.join(name);
        let tape = Tape::begin(create_file(&path).unwrap()).unwrap();
        (path, tape)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The tape of a world with faults.
fn of_swarm(scratch: &Scratch, seed: u64) -> PathBuf {
    let (path, tape) = scratch.tape(&seed.to_string());
    let held = tape.clone();
    let birth = move |node: NodeId, seed: Seed, stack: &mut Stack| {
        held.record(node.0 as u16, &format!("host {}", node.0), seed, stack);
    };
    let birth = Birth(Box::new(birth));
    run_from_birth(&draw(seed), Some(birth), |_, _| {}).unwrap();
    assert_eq!(tape.finish().unwrap(), fs::metadata(&path).unwrap().len());
    path
}

/// Plays a tape to its end.
fn play(path: &Path) -> Result<Player, ReplayError> {
    let mut player = Player::open(path)?;
    while player.step()?.is_some() {}
    Ok(player)
}

/// Both ends, with restarts.
#[test]
fn what_a_swarm_did_is_done_again() {
    let scratch = Scratch::new("swarm");
    let mut checks = 0;
    for seed in 0..60 {
        let path = of_swarm(&scratch, seed);
        let player = play(&path).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(player.is_whole());
        checks += player.checks();
        fs::remove_file(path).unwrap();
    }
    assert!(checks > 1_000, "{checks}");
}

/// How much of a tape can be played, and what is said then.
fn outcome(path: &Path) -> (u64, String) {
    let mut player = match Player::open(path) {
        Ok(player) => player,
        Err(error) => return (0, error.to_string()),
    };
    loop {
        match player.step() {
            Ok(Some(_)) => {}
            Ok(None) if player.is_whole() => return (player.position(), "whole".to_owned()),
            Ok(None) => return (player.position(), "no end".to_owned()),
            Err(error) => return (player.position(), error.to_string()),
        }
    }
}

#[test]
fn a_tape_that_was_cut_says_where() {
    let scratch = Scratch::new("cut");
    let path = of_swarm(&scratch, 3);
    let whole = fs::read(&path).unwrap();
    let cut = scratch.0.join("cut");
    let mut ends = BTreeSet::new();
    for len in (0..whole.len()).step_by(whole.len() / 97) {
        fs::write(&cut, &whole[..len]).unwrap();
        let (_, said) = outcome(&cut);
        match len {
            0..=30 => assert_eq!(said, "byte 0: it should begin with \"pellucid tape 1\""),
            _ if said == "no end" => {}
            _ => assert!(said.ends_with("and the file ends before it does"), "{said}"),
        }
        ends.insert(said);
    }
    assert!(ends.len() > 20, "{ends:?}");
}

/// Whatever byte is another: it is seen, or no part of what was done.
#[test]
fn a_tape_that_was_changed_is_noticed() {
    let scratch = Scratch::new("changed");
    // A long one: the configuration, of which much is never used, is a small part of it.
    let mut tapes = (5..50).map(|seed| fs::read(of_swarm(&scratch, seed)).unwrap());
    let whole = tapes.find(|tape| tape.len() > 30_000).unwrap();
    let path = scratch.0.join("whole");
    fs::write(&path, &whole).unwrap();
    let (inputs, said) = outcome(&path);
    assert_eq!(said, "whole");
    let changed = scratch.0.join("changed");
    let (mut noticed, mut tried) = (0, 0);
    for at in (0..whole.len()).step_by(whole.len() / 199) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x41;
        fs::write(&changed, &bytes).unwrap();
        let (position, said) = outcome(&changed);
        assert!(position <= inputs + 1, "byte {at}: {position}");
        noticed += usize::from(said != "whole");
        tried += 1;
    }
    // A limit of a configuration that is never reached is no part of what was done.
    assert!(noticed * 10 >= tried * 9, "{noticed} of {tried}");
}

/// With other chance the stack does something else, and it is said from where on.
#[test]
fn another_run_than_it_was_is_noticed() {
    let scratch = Scratch::new("another");
    let (path, tape) = scratch.tape("tape");
    let config = Config::new(vec![([10, 0, 0, 1].into(), 24)]);
    let mut stack = Stack::new(config, Seed::from_number(1));
    tape.record(0, "us", Seed::from_number(2), &mut stack);
    for at in 0..100 {
        let at = Instant::BIRTH + Duration::from_millis(at);
        let _ = stack.open(at, ([10, 0, 0, 2], 80).into(), None);
        while stack.poll_transmit(at).is_some() {}
    }
    tape.finish().unwrap();
    let Err(ReplayError::Diverged(divergence)) = play(&path) else {
        panic!("it is not the same");
    };
    assert_eq!((divergence.same_until, divergence.then.inputs), (0, 64));
    assert_eq!(divergence.then.packets, divergence.now.packets);
    assert_ne!(divergence.then.hash, divergence.now.hash);
}

#[test]
fn a_length_that_lies_fetches_no_memory() {
    let scratch = Scratch::new("length");
    let path = scratch.0.join("tape");
    for (len, said) in [
        (
            &[0xff, 0xff, 0xff, 0x1f][..],
            "the file ends before it does",
        ),
        (&[0xff, 0xff, 0xff, 0x7f], "is the most)"),
        (
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            "(its length has no end)",
        ),
        (&[0x01, 0x09], "there should be a record"),
    ] {
        let text = [&b"pellucid tape 1\n"[..], len].concat();
        fs::write(&path, text).unwrap();
        let (_, found) = outcome(&path);
        assert!(
            found.starts_with("byte 16: ") && found.contains(said),
            "{found}"
        );
    }
}

/// Forward and back, to where somebody wants to look.
#[test]
fn a_walk_goes_where_it_is_told() {
    let scratch = Scratch::new("walk");
    let path = of_swarm(&scratch, 7);
    let mut walk = Session::open(&path, Vec::new()).unwrap();
    walk.go(Place::Input(40)).unwrap();
    let at_forty = walk.state();
    walk.go(Place::End).unwrap();
    let all = walk.player().position();
    assert!(all > 100, "{all}");
    walk.back(all - 40).unwrap();
    assert_eq!(walk.player().position(), 40);
    assert_eq!(walk.state(), at_forty);
    walk.back(1_000).unwrap();
    assert_eq!((walk.player().position(), walk.last().is_none()), (0, true));
    let lost = walk.go(Place::Frame(1)).unwrap_err();
    assert_eq!(lost.to_string(), "there is no frame 1");
    // It opens, so there is a window to watch.
    let change = walk.watch("SND.NXT").unwrap().expect("something is sent");
    assert_eq!(change.name, "SND.NXT");
    assert_ne!(change.before, change.after);
}

/// Every call that an owner or an application can make, once at least.
#[test]
fn every_call_is_kept() {
    let scratch = Scratch::new("calls");
    let (path, tape) = scratch.tape("tape");
    let seed = Seed::from_number(9);
    let ours: std::net::IpAddr = [10, 0, 0, 1].into();
    let theirs: std::net::IpAddr = [10, 0, 0, 2].into();
    let mut stack = Stack::new(Config::new(vec![(ours, 24)]), seed);
    tape.record(0, "us", seed, &mut stack);
    let expected = make_every_call(&mut stack, ours, theirs);
    tape.finish().unwrap();
    let mut reader = Reader::open(&path).unwrap();
    let mut kept = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        if let Record::Input { input, .. } = record {
            kept.push(name(&input));
        }
    }
    assert_eq!(kept, expected);
    assert!(play(&path).unwrap().is_whole());
}

/// The variants of an input, down to the one that says what.
fn name(input: &Input<'_>) -> String {
    let first = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric());
        text[..end.unwrap_or(text.len())].to_owned()
    };
    match input {
        Input::On(_, asked) => first(&format!("{asked:?}")),
        Input::Udp(asked) => format!("Udp {}", first(&format!("{asked:?}"))),
        Input::Echo(asked) => format!("Echo {}", first(&format!("{asked:?}"))),
        other => first(&format!("{other:?}")),
    }
}

fn make_every_call(stack: &mut Stack, ours: IpAddr, theirs: IpAddr) -> Vec<&'static str> {
    let now = Instant::BIRTH + Duration::from_secs(1);
    let mut kept = Vec::new();
    kept.extend(set_it_up(stack, now));
    kept.extend(listen(stack, now, ours));
    kept.extend(connect(stack, now, SocketAddr::new(theirs, 80)));
    kept.extend(send_datagrams(stack, now, [ours, theirs]));
    stack.open(now, SocketAddr::new(theirs, 80), None).unwrap();
    assert!(stack.poll_transmit(now).is_some());
    stack.receive(now, Received::plain(b"no packet"));
    stack.set_device_refuses(true);
    // What is not there is no input.
    assert!(stack.poll_stray().is_none());
    let due = stack.poll_timeout().unwrap();
    stack.handle_timeout(due);
    let _ = stack.poll_transmit(due);
    kept.extend([
        "Open", "Transmit", "Receive", "Refuses", "Timeout", "Transmit",
    ]);
    kept
}

fn set_it_up(stack: &mut Stack, now: Instant) -> Vec<&'static str> {
    let first = InterfaceId::FIRST;
    let keys = CookieKeys {
        current: [1; 16],
        former: None,
    };
    let all = Prefix::ALL_V4;
    stack.number_events(0, 2);
    stack.set_fast_open_keys(keys);
    stack.set_fast_open_blackhole(Duration::from_secs(9));
    stack.forget_fast_open();
    stack.set_mtu(now, first, 1400).unwrap();
    stack.set_offloads(now, first, Offloads::NONE).unwrap();
    stack.set_route(now, all, Route::default()).unwrap();
    stack.remove_route(now, all);
    stack.set_route(now, all, Route::default()).unwrap();
    let fast_open = ["FastOpenKeys", "FastOpenBlackhole", "ForgetFastOpen"];
    let ways = ["Link", "Link", "Route", "Route", "Route"];
    [&["Number"], &fast_open[..], &ways[..]].concat()
}

fn listen(stack: &mut Stack, now: Instant, ours: IpAddr) -> Vec<&'static str> {
    let listener = stack.listen(now, SocketAddr::new(ours, 7), 5).unwrap();
    stack.set_listener_congestion(listener, Algorithm::Reno);
    stack.set_listener_fast_open(listener, 3);
    stack.configure_listener(listener, Arc::new(TcpConfig::default()));
    let everywhere = stack.listen_everywhere(now, 5).unwrap();
    assert!(stack.accept(now, everywhere).is_err());
    stack.unlisten(now, everywhere);
    let set = ["ConfigureListener"; 3];
    [&["Listen"], &set[..], &["Listen", "Accept", "Unlisten"]].concat()
}

fn connect(stack: &mut Stack, now: Instant, there: SocketAddr) -> Vec<&'static str> {
    let config = Arc::new(TcpConfig::default());
    let id = stack.open(now, there, None).unwrap();
    assert!(stack.poll_transmit(now).is_some());
    stack.write(now, id, b"abc").unwrap();
    let mut text = Bytes::from_static(b"def");
    stack.write_owned(now, id, &mut text).unwrap();
    stack.write_more(now, id, b"ghi").unwrap();
    stack.mark_urgent(now, id);
    assert!(stack.read(now, id, &mut [0; 9]).is_err());
    assert!(stack.read_chunk(now, id).is_none());
    stack.set_quick_acks(now, id, false);
    stack.set_unsent_low_water(now, id, Some(1_000));
    stack.set_nodelay(now, id, true);
    stack.set_congestion(now, id, Algorithm::Reno);
    stack.set_keep_alive(now, id, Some(KeepAlive::default()));
    stack.set_user_timeout(now, id, Some(Duration::from_secs(5)));
    stack.configure(now, id, |config| config.cork = true);
    stack.set_linger(id, Some(Duration::ZERO));
    stack.set_linger(id, None);
    stack.shutdown(now, id);
    stack.close(now, id);
    let opened = stack.open_sending(now, there, None, Arc::clone(&config), b"x");
    stack.abort(now, opened.unwrap().0);
    stack.open_for_text(now, there, None, config).unwrap();
    let begun = ["Open", "Transmit"];
    let text = [
        "Write",
        "WriteOwned",
        "WriteMore",
        "Urgent",
        "Read",
        "ReadChunk",
    ];
    let set = [
        "QuickAcks",
        "UnsentLowWater",
        "NoDelay",
        "Congestion",
        "KeepAlive",
    ];
    let more = [
        "UserTimeout",
        "Configure",
        "Linger",
        "Linger",
        "Shutdown",
        "Close",
    ];
    let hasty = ["Open", "Write", "Abort", "Open"];
    [&begun[..], &text[..], &set[..], &more[..], &hasty[..]].concat()
}

fn send_datagrams(stack: &mut Stack, now: Instant, ips: [IpAddr; 2]) -> Vec<&'static str> {
    let [ours, theirs] = ips.map(|ip| SocketAddr::new(ip, 53));
    let socket = stack.udp_bind(now, ours).unwrap();
    stack.udp_connect(now, socket, theirs).unwrap();
    stack.udp_configure(now, socket, 9, 0);
    stack.udp_send(now, socket, b"?", None).unwrap();
    assert!(stack.udp_receive(now, socket, &mut [0; 9]).is_err());
    assert!(stack.udp_take_error(socket).is_none());
    stack.udp_close(now, socket);
    stack.udp_bind_everywhere(now).unwrap();
    let echo = stack.echo_open(now, theirs.ip()).unwrap();
    let request = EchoRequest {
        sequence: 1,
        data: b"ping",
        hop_limit: None,
        whole: false,
    };
    stack.echo_send(now, echo, &request).unwrap();
    assert!(stack.echo_receive(now, echo).is_err());
    stack.echo_close(now, echo);
    let udp = [
        "Udp Bind",
        "Udp Connect",
        "Udp Configure",
        "Udp Send",
        "Udp Receive",
    ];
    let more = ["Udp TakeError", "Udp Close", "Udp Bind"];
    let echo = ["Echo Open", "Echo Send", "Echo Receive", "Echo Close"];
    [&udp[..], &more[..], &echo[..]].concat()
}
