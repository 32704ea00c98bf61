//! Lies that have a test of their own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use pellucid::base::{Checksum, Offload, Received};
use pellucid::probe::{Accepted, Drop, Ending};

use super::packet;
use super::pair::{Family, Pair, Side, US};
use super::scenes::SCENES;
use super::shapes;

/// A connection over which text of theirs is on its way.
fn established(family: Family) -> (Pair, Vec<u8>) {
    let (pair, mut coming) = SCENES[5].set(family);
    (pair, coming.remove(0))
}

/// R-PKT-6: nobody can have sent from there.
// req: MUST-63, RFC1122-3.2.1.3-3, RFC1122-3.2.1.3-4
#[test]
fn what_comes_from_nowhere_is_dropped_in_silence() {
    let v4 = [
        [10, 0, 0, 1],
        [10, 0, 0, 255],
        [10, 0, 0, 0],
        [0, 0, 0, 0],
        [0, 1, 2, 3],
    ];
    let v4 = v4.into_iter().chain([
        [127, 0, 0, 1],
        [127, 1, 2, 3],
        [224, 0, 0, 1],
        [240, 0, 0, 1],
        [255, 255, 255, 255],
    ]);
    let v4 = v4.map(|octets| IpAddr::V4(Ipv4Addr::from(octets)));
    let v6 = [
        US[1],
        IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1)),
    ];
    for src in v4.chain(v6) {
        let family = if src.is_ipv4() {
            Family::V4
        } else {
            Family::V6
        };
        for scene in &SCENES {
            let (mut pair, coming) = scene.set(family);
            let ours = pair.last_of_ours.clone();
            let others = shapes::companions(&coming[0], ours.as_deref());
            for mut packet in coming.into_iter().chain(others) {
                let before = pair.known();
                match src {
                    IpAddr::V4(src) => packet[12..16].copy_from_slice(&src.octets()),
                    IpAddr::V6(src) => packet[8..24].copy_from_slice(&src.octets()),
                }
                packet::set_sums(&mut packet);
                let (after, heard) = pair.inject(&packet);
                let why = if US.contains(&src) {
                    Drop::Land
                } else {
                    Drop::BadSource
                };
                assert_eq!(heard.ending, Some(Ending::Dropped(why)), "{src}");
                assert_eq!(
                    (heard.endings, heard.answers, heard.texts),
                    (1, 0, 0),
                    "{src}"
                );
                assert_eq!(before, after, "{src}");
            }
        }
    }
}

/// R-PKT-5: whatever the urgent pointer says, the bytes stay in line.
#[test]
fn no_urgent_pointer_takes_a_byte_out_of_line() {
    let (mut pair, first) = established(Family::V4);
    let theirs = pair.id(Side::Them).expect("a connection");
    pair.them.set_nodelay(pair.now, theirs, true);
    let mut coming = vec![first];
    for pointer in 0..=u16::MAX {
        for mut packet in coming.drain(..) {
            let at = packet::upper(&packet).expect("an honest packet").at;
            packet[at + 13] |= 0b10_0000;
            packet::put_word(&mut packet, at + 18, pointer);
            packet::set_sums(&mut packet);
            let (_, heard) = pair.inject(&packet);
            assert_eq!(
                heard.ending,
                Some(Ending::Accepted(Accepted::Text)),
                "{pointer}"
            );
        }
        // Reading compares; a delayed acknowledgment goes when it has waited long enough.
        pair.read(Side::Us);
        pair.now += Duration::from_millis(5);
        pair.us.handle_timeout(pair.now);
        pair.deliver_from(Side::Us);
        pair.write(Side::Them, 1 + usize::from(pointer % 7));
        coming = pair.sent_by(Side::Them);
        assert_eq!(coming.len(), 1);
    }
}

/// R-PKT-4: a checksum that is not whole is good only with the device's word for it.
#[test]
fn only_the_device_can_vouch_for_a_checksum() {
    for family in [Family::V4, Family::V6] {
        for vouched in [
            Checksum::Verified,
            Checksum::Partial {
                start: 20,
                offset: 16,
            },
        ] {
            let (mut pair, mut packet) = established(family);
            assert!(packet::spoil_sum(&mut packet, false));
            let (_, heard) = pair.inject(&packet);
            assert_eq!(heard.ending, Some(Ending::Dropped(Drop::BadTcpChecksum)));
            let offload = Offload {
                checksum: vouched,
                gso: None,
            };
            let bytes = &packet;
            pair.us.receive(
                pair.now,
                Received {
                    offload,
                    ..Received::plain(bytes)
                },
            );
            let heard = pair.watch.heard();
            assert_eq!(heard.ending, Some(Ending::Accepted(Accepted::Text)));
        }
    }
}
