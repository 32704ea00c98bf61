//! Random packets by the hundred thousand, against stacks with open connections.

use std::time::Duration;

use pellucid::base::{Random, Seed};

use super::packet::set_sums;
use super::pair::{Family, KIB_64, Pair};
use super::scenes::{SCENES, Scene};
use super::shapes;

/// Honest packets of all kinds, and the scene that they come to.
struct Stage {
    scene: &'static Scene,
    family: Family,
    pair: Pair,
    honest: Vec<Vec<u8>>,
}

impl Stage {
    fn new(scene: &'static Scene, family: Family) -> Stage {
        let (pair, coming) = scene.set(family);
        let mut honest = shapes::companions(&coming[0], pair.last_of_ours.as_deref());
        honest.extend(coming);
        Stage {
            scene,
            family,
            pair,
            honest,
        }
    }

    /// A packet that nobody would send.
    fn packet(&self, chance: &mut Random) -> Vec<u8> {
        let kind = chance.below(8);
        let mut packet = if kind < 2 {
            let length = chance.below(100);
            (0..length).map(|_| chance.next_u32() as u8).collect()
        } else {
            self.honest[chance.below(self.honest.len() as u32) as usize].clone()
        };
        let length = packet.len() as u32;
        if kind == 1 && length >= 40 {
            // At least its IP header is right.
            let header = if self.family == Family::V4 { 20 } else { 40 };
            packet[..header].copy_from_slice(&self.honest[0][..header]);
            super::lies::fit_length(&mut packet);
        }
        if kind >= 2 {
            for _ in 0..1 + chance.below(4) {
                let at = chance.below(length) as usize;
                packet[at] = match chance.below(3) {
                    0 => packet[at] ^ 1 << chance.below(8),
                    1 => [0, 1, 0x7f, 0x80, 0xfe, 0xff][chance.below(6) as usize],
                    _ => chance.next_u32() as u8,
                };
            }
        }
        if kind != 7 {
            set_sums(&mut packet);
        }
        packet
    }
}

/// Every packet has one ending and draws at most one answer, and afterwards a new connection
/// carries 64 KiB.
#[test]
fn half_a_million_random_packets_hurt_nothing_that_follows() {
    let stages = SCENES
        .iter()
        .flat_map(|scene| [Family::V4, Family::V6].map(|family| Stage::new(scene, family)));
    for (seed, mut stage) in stages.enumerate() {
        let mut chance = Random::new(Seed::from_number(seed as u64));
        for nth in 1..=crate::times(500_000 / 26) {
            let packet = stage.packet(&mut chance);
            let (_, heard) = stage.pair.inject(&packet);
            assert_eq!(heard.endings, 1, "{packet:02x?}");
            assert!(heard.answers <= 1, "{heard:?}: {packet:02x?}");
            if nth % 100 == 0 {
                stage.pair.run(Duration::from_millis(20));
            }
            if nth % 1_000 == 0 {
                assert!(
                    stage.pair.carries_anew(40_001, KIB_64),
                    "{}",
                    stage.scene.name
                );
                stage = Stage::new(stage.scene, stage.family);
            }
        }
    }
}

/// As many packets with nobody there to carry the answers away: few of those are kept.
#[test]
fn answers_that_nobody_takes_are_bounded() {
    for family in [Family::V4, Family::V6] {
        let mut stage = Stage::new(&SCENES[5], family);
        let mut chance = Random::new(Seed::from_number(99));
        for _ in 0..250_000 {
            let packet = stage.packet(&mut chance);
            let received = pellucid::base::Received::plain(&packet);
            stage.pair.us.receive(stage.pair.now, received);
            assert_eq!(stage.pair.watch.heard().endings, 1, "{packet:02x?}");
        }
        let (mut kept, mut bytes) = (0, 0);
        while let Some(packet) = stage.pair.us.poll_transmit(stage.pair.now) {
            kept += 1;
            bytes += packet.len();
        }
        // house!("reply-queue"), and what connections, half-open ones too, have to say.
        assert!(kept <= MOST, "{kept} answers");
        assert!(bytes <= MOST * 1_280, "{bytes} bytes");
        assert!(stage.pair.carries_anew(40_001, KIB_64));
    }
}

const MOST: usize = 1_024 + 100;
