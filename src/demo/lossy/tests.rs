use super::*;
use crate::device::pipe;
use crate::observe::Capture;
use crate::observe::capture::Settings;
use crate::observe::fixtures::files::Shelf;
use crate::observe::fixtures::{ACK, Packet};

/// A packet with so much text.
fn packet(text: usize) -> Vec<u8> {
    Packet::ours(1, 1, ACK, &vec![7; text]).bytes()
}

/// How many packets wait at a device.
fn waiting(device: &dyn Device) -> usize {
    let mut buf = RxBuffer::new();
    while buf.has_room() && device.receive(&mut buf).unwrap().is_some() {}
    buf.packets().len()
}

fn lossy(inner: Box<dyn Device>) -> (Lossy, LostSegments, Sent) {
    let (_, handle) = Capture::at_once(Shelf::new(usize::MAX), Settings::default()).unwrap();
    let sent = Sent::default();
    let lossy = Lossy::new(inner, handle.links(), sent.clone(), Clock::new());
    let lost = lossy.lost();
    (lossy, lost, sent)
}

#[test]
fn one_segment_is_lost_each_way_and_told() {
    let (ours, theirs) = pipe(1500).unwrap();
    let (lossy, lost, sent) = lossy(Box::new(ours));
    let (long, short) = (packet(1_448), packet(10));
    for number in 0..50 {
        sent.0.store(100 + number, Ordering::Relaxed);
        // What has little text is never lost, and does not count.
        for bytes in [&long, &short] {
            lossy
                .transmit(&Transmit::plain(bytes, Pieces::EMPTY))
                .unwrap();
            theirs
                .transmit(&Transmit::plain(bytes, Pieces::EMPTY))
                .unwrap();
        }
    }
    assert_eq!(waiting(&theirs), 99);
    // A loss may end a round of receiving early, never what waits behind it.
    let (mut came, mut rounds) = (0, 0);
    while came < 99 && rounds < 9 {
        came += waiting(&lossy);
        rounds += 1;
    }
    assert_eq!((came, waiting(&lossy)), (99, 0));
    let lost = lock(&lost);
    let told: Vec<_> = lost
        .iter()
        .map(|one| (&*one.link, one.bytes, one.packet))
        .collect();
    // The 21st of those with much text: twenty go before.
    let of_us = NonZeroU64::new(120).map(EventId);
    assert_eq!(
        told,
        [("up", long.len(), of_us), ("down", long.len(), None)]
    );
    assert_eq!(lost[0].id.to_string(), "e2");
}

/// Of what stands for many segments one is lost, and the others cross one by one.
#[test]
fn of_a_long_packet_one_segment_is_lost() {
    let whole = packet(8 * 1_000);
    let offload = Offload {
        gso: Some(1_000),
        ..Offload::default()
    };
    let all = segments(&Transmit {
        offload,
        ..Transmit::plain(&whole, Pieces::EMPTY)
    });
    let heads = whole.len() - 8_000;
    assert_eq!(all.len(), 8);
    assert!(all.iter().all(|one| one.len() == heads + 1_000));
    assert_eq!(lost_of(all.len()), 2);
    assert_eq!(segments(&Transmit::plain(&whole, Pieces::EMPTY)), [whole]);
}
