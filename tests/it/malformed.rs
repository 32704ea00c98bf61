//! Packets that lie, in every state: what is wrong with one must not hurt what follows.
//!
//! Each lie (`lies`) is told in a fresh scene (`scenes`), one for each state of RFC 9293
//! section 3.3.2, just before the honest packet that it was made from. It must have exactly one
//! ending and draw at most one answer; what is refused must change nothing; and then up to 64 KiB
//! have to get through, over the same connection if both of its ends are open, else over a new one.
//! Text is always what an honest peer would have sent at that place: nothing in TCP could tell.

mod lies;
mod noise;
mod packet;
mod pair;
mod scenes;
mod shapes;
mod single;
mod watch;

use pellucid::base::{Random, Seed};
use pellucid::probe::{Accepted, Discard, Ending};

use lies::{Lie, lies_about, pairs_of_lies};
use pair::{Family, KIB_64, Known, Pair, Side};
use scenes::{SCENES, Scene};
use watch::Heard;

/// Lies told in one scene, and what came of them.
struct Trial<'s> {
    scene: &'s Scene,
    family: Family,
    /// The scene as it stands, if all that it has met was refused: how much that was.
    standing: Option<(Pair, Vec<Vec<u8>>, u32)>,
    packets: u32,
    complaints: Vec<String>,
}

impl Trial<'_> {
    fn new(scene: &Scene, family: Family) -> Trial<'_> {
        Trial {
            scene,
            family,
            standing: None,
            packets: 0,
            complaints: Vec::new(),
        }
    }

    /// Tells all lies about all packets that are right for this state, with checksums first right
    /// and then wrong.
    fn run(&mut self) {
        let (pair, coming) = self.scene.set(self.family);
        let syn = packet::segment(&coming[0]).expect("an honest segment").seq;
        let iss = pair.status(Side::Them).map_or(syn, |known| known.iss);
        let last = coming.last().expect("something comes");
        let mut honest = coming.clone();
        honest.extend(shapes::companions(last, pair.last_of_ours.as_deref()));
        let mut chance = Random::new(Seed::from_number(7));
        for truth in &mut honest {
            packet::set_sums(truth);
            let mut lies = lies_about(truth);
            lies.extend(pairs_of_lies(truth, crate::times(PAIRS), &mut chance));
            for mut lie in lies {
                packet::fill_text(&mut lie.packet, iss.0.wrapping_add(1));
                packet::set_sums(&mut lie.packet);
                self.tell(&lie, truth);
                let of_header = chance.below(2) == 0;
                if packet::spoil_sum(&mut lie.packet, of_header) {
                    lie.what.push_str(", and a bad checksum");
                    self.tell(&lie, truth);
                }
            }
            if let Some((pair, coming, _)) = self.standing.take() {
                let what = String::from("what was refused last");
                let packet = Vec::new();
                self.prove(pair, &coming, &Lie { what, packet }, false);
            }
        }
    }

    fn tell(&mut self, lie: &Lie, truth: &[u8]) {
        let standing = self.standing.take();
        let (mut pair, coming, told) = standing.unwrap_or_else(|| {
            let (pair, coming) = self.scene.set(self.family);
            (pair, coming, 0)
        });
        let before = pair.known();
        let (after, heard) = pair.inject(&lie.packet);
        self.packets += 1;
        let spoiled = lie.what.ends_with("checksum");
        if let Err(what) = check(&before, &after, &heard, spoiled) {
            self.complain(lie, &what);
        }
        let told = match heard.ending {
            Some(Ending::Accepted(_)) => {
                self.prove(pair, &coming, lie, is_believed(lie, truth));
                return;
            }
            Some(Ending::Dropped(_)) => told + 1,
            _ if before != after => BATCH,
            _ => told + BATCH / 8,
        };
        if told < BATCH {
            self.standing = Some((pair, coming, told));
        } else {
            self.prove(pair, &coming, lie, false);
        }
    }

    /// What is on its way arrives, and bytes get through: over this connection if both ends can,
    /// unless the lie is `believed`; else over a new one.
    fn prove(&mut self, mut pair: Pair, coming: &[Vec<u8>], lie: &Lie, believed: bool) {
        for packet in coming {
            pair.inject(packet);
        }
        pair.shake_hands();
        let whole = self.packets.is_multiple_of(WHOLE) || crate::times(1) > 1;
        let len = if whole { KIB_64 } else { 1_000 };
        let theirs = pair.is_open_from(Side::Them);
        let ours = pair.is_open_from(Side::Us);
        let broken = theirs && !pair.carry(Side::Them, len) || ours && !pair.carry(Side::Us, len);
        if broken && !believed {
            self.complain(lie, "nothing gets through any more");
        }
        let anew = broken || !theirs && !ours;
        if anew && !pair.carries_anew(40_001, len) {
            self.complain(lie, "nothing gets through anew");
        }
    }

    fn complain(&mut self, lie: &Lie, what: &str) {
        let (name, family) = (self.scene.name, self.family);
        let text = format!("{name}, {family:?}: {}: {what}", lie.what);
        self.complaints.push(text);
    }
}

/// What must hold of every packet.
fn check(before: &Known, after: &Known, heard: &Heard, spoiled: bool) -> Result<(), String> {
    if heard.endings != 1 || heard.answers > 1 {
        return Err(format!("{heard:?}"));
    }
    let refused = !matches!(heard.ending, Some(Ending::Accepted(_)));
    // RFC 9293 section 3.10.7.4, fourth: a SYN in the window returns a half-open connection to
    // LISTEN. That is no acceptance, but a change.
    let returned = heard.ending == Some(Ending::Discarded(Discard::SynInSynchronized))
        && (before.0, before.1.1) == (None, 1);
    if refused && !returned && (before != after || heard.texts > 0) {
        return Err(format!("refused, and yet {before:?} became {after:?}"));
    }
    // Of a fragment nobody can tell yet.
    let waits = heard.ending == Some(Ending::Accepted(Accepted::Fragment));
    if spoiled && !waits && !matches!(heard.ending, Some(Ending::Dropped(_))) {
        return Err(format!("{:?}", heard.ending));
    }
    Ok(())
}

/// Whether a lie that was taken in may cost the connection. Whoever has the right numbers is
/// believed; there is nothing in these clauses by which a stack could know better.
fn is_believed(lie: &Lie, truth: &[u8]) -> bool {
    let (Some(lie), Some(truth)) = (packet::segment(&lie.packet), packet::segment(truth)) else {
        return false;
    };
    // RFC 9293 section 3.10.7.4, eighth: a FIN in order ends their text. What they go on to send
    // is beyond the end, and they refuse an acknowledgment of a FIN that they never sent.
    let closes = lie.fin() && !truth.fin();
    // RFC 7323 section 5.3, R3: TS.Recent follows whatever is acceptable, and what they go on to
    // send may look older than that (R1).
    let ages = lie.options.timestamps != truth.options.timestamps;
    // RFC 9293 section 3.10.7.4, seventh and fifth: text in the window is taken and acknowledged,
    // and they drop what acknowledges text that they have not sent yet.
    let outruns = lie.end().after(truth.end());
    closes || ages || outruns
}

/// How many packets that were dropped share a proof that nothing was hurt; of those that reached
/// the connection and were discarded, an eighth.
const BATCH: u32 = 32;
/// Each so-manieth proof carries 64 KiB, and the others, unless this is a soak, a segment each way:
/// without optimisation nothing else takes as long.
const WHOLE: u32 = 16;
/// How many pairs of wrong fields are drawn for each honest packet.
const PAIRS: usize = 100;

fn try_all_lies(family: Family) {
    let mut packets = 0;
    let mut complaints = Vec::new();
    for scene in &SCENES {
        let mut trial = Trial::new(scene, family);
        trial.run();
        packets += trial.packets;
        complaints.extend(trial.complaints);
    }
    complaints.truncate(40);
    assert!(complaints.is_empty(), "\n  {}\n", complaints.join("\n  "));
    assert!(packets > 55_000, "only {packets} packets");
}

// req: MUST-3, MUST-7, RFC1122-3.1-3
#[test]
fn no_lie_over_ipv4_hurts_what_follows() {
    try_all_lies(Family::V4);
}

// req: MUST-3, MUST-7
#[test]
fn no_lie_over_ipv6_hurts_what_follows() {
    try_all_lies(Family::V6);
}
