//! pellucid against another TCP: smoltcp as client and as server, in virtual time.
//!
//! Every byte is compared, and every packet of either host goes past smoltcp's own parsers, which
//! verify all checksums. Seeds draw loss, duplication and reordering.
//!
//! Where smoltcp 0.14 differs, and what that means here:
//!
//! - RFC 9293 section 3.6.1 (MUST-13) keeps TIME-WAIT for two MSL; smoltcp for ten seconds. Ends
//!   are awaited for longer than either.
//! - RFC 9293 section 3.10.7.4, eighth, sees a FIN when all before it has come; smoltcp forgets a
//!   FIN beyond a hole. It must come again: closing over a lossy wire takes retransmissions.
//! - RFC 9293 section 3.10.7.4, fifth, ignores an ACK that is older than SND.UNA and goes on with
//!   the text; smoltcp drops the segment. Reordering costs it retransmissions.
//! - RFC 9293 section 3.10.7.4, fifth, takes a window only from segments that are no older than the
//!   last that changed it (SND.WL1, SND.WL2); smoltcp from any. A late segment may close its
//!   window for it, and it then probes.
//! - RFC 9293 section 3.5, Figure 7: in SYN-RECEIVED a SYN,ACK ends a simultaneous open; smoltcp
//!   ignores it and waits for an ACK without SYN, which our answer to its own SYN,ACK is.
//! - RFC 9293 section 3.10.7.4 (SHLD-31) keeps what comes out of order; smoltcp four pieces of it.
//! - RFC 7323 section 5: smoltcp shows and echoes time stamps but has no PAWS, and its resets have
//!   none; RFC 7323 section 3.2 excuses resets alone.
//! - RFC 1122 section 3.2.2 lets an error quote a packet's beginning; smoltcp reads ICMPv4 errors
//!   only if the quoted packet is whole.
//! - RFC 6298 section 2 (2.4): its least timeout is a second; ours is house!("rto-min").

mod datagrams;
mod fragments;
mod judge;
mod streams;
mod theirs;
mod world;

use std::time::Duration;

use pellucid::base::{Random, Seed};
use pellucid::probe::State;
use pellucid::stack::Failure;
use smoltcp::socket::tcp::{CongestionControl, State as Theirs};

use judge::judge;
use streams::{Close, Stream};
use world::{End, Family, Offered, Read, Setup, Weather, World};

const HOUR: Duration = Duration::from_secs(3_600);
const SECOND: Duration = Duration::from_secs(1);

/// Everything that a seed decides.
fn drawn(seed: u64) -> (Setup, [Close; 2]) {
    let mut chance = Random::new(Seed::from_number(seed));
    let mut one_of = |bound| chance.below(bound);
    let client = [End::Ours, End::Theirs][one_of(2) as usize];
    let family = [Family::V4, Family::V6][one_of(2) as usize];
    let controls = [
        CongestionControl::None,
        CongestionControl::Reno,
        CongestionControl::Cubic,
    ];
    let setup = Setup {
        seed,
        weather: Weather {
            lost: one_of(101),
            twice: one_of(51),
            late: one_of(201),
        },
        timestamps: one_of(2) == 1,
        congestion: controls[one_of(3) as usize],
        room: 16_384 << one_of(4),
        ..Setup::new(client, family)
    };
    let closing = [
        [Close::Written, Close::PeerClosed],
        [Close::PeerClosed, Close::Written],
        [Close::Written, Close::Written],
    ];
    (setup, closing[one_of(3) as usize])
}

fn both_ways(len: usize, [ours, theirs]: [Close; 2]) -> [Stream; 2] {
    [
        Stream::new(End::Ours, len, ours),
        Stream::new(End::Theirs, len, theirs),
    ]
}

#[test]
fn all_bytes_arrive_both_ways_in_any_weather() {
    let mut unconnected = 0;
    for seed in 0..crate::times(96) as u64 {
        let (setup, closing) = drawn(seed);
        let Some(mut world) = World::try_connected(setup) else {
            unconnected += 1;
            continue;
        };
        world.carry(both_ways(200 << 10, closing), 4 * HOUR);
        world.end();
        // 400 KiB take as many segments at least.
        assert!(world.sent > 250, "seed {seed}: {} packets", world.sent);
    }
    let most = crate::times(1) / 20;
    assert!(unconnected <= most, "{unconnected} worlds");
}

#[test]
fn a_megabyte_arrives_both_ways_in_fine_weather() {
    for setup in Setup::all() {
        let mut world = World::connected(setup);
        let start = world.now;
        world.carry(both_ways(1 << 20, [Close::Never; 2]), HOUR);
        assert_eq!(world.resets, [0, 0]);
        // Nothing is lost: no retransmission timeout of a second is waited for by the dozen.
        assert!(world.now.since(start) < 30 * SECOND, "{}", world.describe());
    }
}

#[test]
fn a_half_closed_connection_carries_the_other_direction() {
    for setup in Setup::all() {
        for first in [End::Ours, End::Theirs] {
            let mut world = World::connected(setup.clone());
            let second = first.peer();
            let early = Stream::new(first, 10_000, Close::Written);
            world.carry([early, Stream::new(second, 0, Close::Never)], HOUR);
            world.run(SECOND);
            let states = (world.our_state(), world.theirs.state());
            match first {
                End::Ours => assert_eq!(states, (State::FinWait2, Theirs::CloseWait)),
                End::Theirs => assert_eq!(states, (State::CloseWait, Theirs::FinWait2)),
            }
            let late = Stream::new(second, 200 << 10, Close::Written);
            world.carry([late, Stream::new(first, 0, Close::Never)], HOUR);
            world.run(SECOND);
            let states = (world.our_state(), world.theirs.state());
            match first {
                End::Ours => assert_eq!(states, (State::TimeWait, Theirs::Closed)),
                End::Theirs => assert_eq!(states, (State::Closed, Theirs::TimeWait)),
            }
            world.end();
        }
    }
}

// req: RFC9293-3.6-2
#[test]
fn closing_at_once_crosses_and_ends_in_time_wait_on_both_sides() {
    for setup in Setup::all() {
        let mut world = World::connected(setup);
        world.run(SECOND);
        world.shutdown(End::Ours);
        world.shutdown(End::Theirs);
        world.run(Duration::from_millis(15));
        assert_eq!(world.our_state(), State::Closing);
        assert_eq!(world.theirs.state(), Theirs::Closing);
        world.run(SECOND);
        assert_eq!(world.our_state(), State::TimeWait);
        assert_eq!(world.theirs.state(), Theirs::TimeWait);
        world.end();
    }
}

// req: MUST-10
#[test]
fn opening_at_once_makes_one_connection() {
    for setup in Setup::all() {
        let mut world = World::new(setup);
        world.open_between(End::Ours, 50_000, 50_001);
        world.open_between(End::Theirs, 50_001, 50_000);
        world.run(Duration::from_millis(15));
        assert_eq!(world.our_state(), State::SynReceived);
        world.run(10 * SECOND);
        assert_eq!(world.our_state(), State::Established);
        assert_eq!(world.theirs.state(), Theirs::Established);
        let closing = [Close::Written, Close::PeerClosed];
        world.carry(both_ways(50_000, closing), HOUR);
        world.end();
    }
}

#[test]
fn a_port_where_nobody_listens_refuses() {
    for setup in Setup::all() {
        let mut world = World::new(setup.clone());
        world.open(setup.client);
        world.run(SECOND);
        match setup.client {
            End::Ours => {
                let id = world.id.expect("it was opened");
                assert_eq!(world.ours.failure(id), Some(Failure::Refused));
                assert_eq!(world.resets, [0, 1]);
            }
            End::Theirs => {
                assert_eq!(world.theirs.state(), Theirs::Closed);
                assert_eq!(world.resets, [1, 0]);
            }
        }
        world.end();
    }
}

#[test]
fn an_abort_resets_the_other_end_whatever_is_on_its_way() {
    for (setup, by) in Setup::all().flat_map(|s| [(s.clone(), End::Ours), (s, End::Theirs)]) {
        let mut world = World::connected(setup);
        for end in [End::Ours, End::Theirs] {
            assert!(world.write(end, &[7; 60_000]) > 0);
        }
        world.run(Duration::from_millis(15));
        world.abort(by);
        world.run(SECOND);
        assert_eq!(world.theirs.state(), Theirs::Closed);
        assert_eq!(world.our_state(), State::Closed);
        match by {
            End::Ours => {
                assert!(world.resets[0] > 0);
                assert_eq!(world.ours.counts(), (0, 0, 0));
            }
            End::Theirs => {
                let id = world.id.expect("it is held");
                assert_eq!(world.ours.failure(id), Some(Failure::Reset));
                // What had come before is there to be read, and then it is told.
                while let Read::Bytes(_) = world.read(End::Ours, &mut [0; 4_096]) {}
                assert_eq!(world.read(End::Ours, &mut [0]), Read::Failed);
            }
        }
        world.end();
    }
}

/// A reader that first does not read at all and then slowly, over a wire that loses window updates
/// and probes: the writer's FIN too has to wait for a closed window.
#[test]
fn a_slow_reader_gets_all_of_it() {
    // Loss may keep a window from ever closing, but not often.
    let mut closed = 0;
    for seed in 0..crate::times(24) as u64 {
        for from in [End::Ours, End::Theirs] {
            let (mut setup, _) = drawn(seed);
            setup.room = 8_192;
            let Some(mut world) = World::try_connected(setup) else {
                continue;
            };
            let wakes = world.now + 20 * SECOND;
            let pause = Duration::from_millis(50 << (seed % 4));
            let slow = Stream::new(from, 60_000, Close::Written).read_slowly(wakes, 3_000, pause);
            let back = Stream::new(from.peer(), 0, Close::PeerClosed);
            world.carry([slow, back], 4 * HOUR);
            let reader = usize::from(from == End::Ours);
            closed += usize::from(world.closed_windows[reader] > 0);
            world.end();
        }
    }
    assert!(closed > crate::times(40), "{closed} windows closed");
}

// req: MUST-14, SHLD-5, RFC7323-3.2-3
#[test]
fn our_syn_offers_what_the_path_takes_and_answers_what_was_offered() {
    for setup in Setup::all() {
        for timestamps in [true, false] {
            let setup = Setup {
                timestamps,
                ..setup.clone()
            };
            let world = World::connected(setup.clone());
            let fixed = match setup.family {
                Family::V4 => 40,
                Family::V6 => 60,
            };
            let offered = Offered {
                mss: Some(1_500 - fixed),
                window_scale: Some(2),
                sack: true,
                // smoltcp as a client offers none: then our SYN,ACK has none.
                timestamps: timestamps || setup.client == End::Ours,
            };
            assert_eq!(world.offered, Some(offered));
        }
    }
}

/// The judge is not blind: whichever bit of a segment changes, one of the two checksums says so.
#[test]
fn smoltcp_refuses_a_segment_with_any_bit_changed() {
    let mut world = World::new(Setup::new(End::Ours, Family::V4));
    world.open(End::Ours);
    let now = world.now;
    let mut packet = world.ours.poll_transmit(now).expect("a SYN").to_vec();
    assert!(judge(&packet).is_ok());
    for bit in 0..packet.len() * 8 {
        packet[bit / 8] ^= 1 << (bit % 8);
        assert!(judge(&packet).is_err(), "bit {bit}");
        packet[bit / 8] ^= 1 << (bit % 8);
    }
}
