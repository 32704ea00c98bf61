use std::io::Read;

use super::super::client::Attached;
use super::super::message::Command;
use super::super::place::tests::Scratch;
use super::super::survey::tests::Pair;
use super::*;

fn offered(name: &str, pair: &Pair) -> (Scratch, Offer) {
    let scratch = Scratch::new(name);
    let offer = Offer::make(&scratch.0, pair.near.clone(), "test", "a pipe").expect("a socket");
    (scratch, offer)
}

fn attach(offer: &Offer) -> Attached {
    let stream = place::reach(offer.path()).expect("it listens");
    Attached::to(stream).expect("it says hello")
}

/// The next that is said.
fn next(reader: &mut super::super::client::Reader) -> Message {
    reader.read().expect("it reads").expect("it is there")
}

#[test]
fn whoever_attaches_is_told_who_it_is_and_what_there_is() {
    let pair = Pair::of(2);
    let (_scratch, offer) = offered("hello", &pair);
    let mode = std::fs::metadata(offer.path())
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut attached = attach(&offer);
    let hello = attached.hello();
    assert_eq!(
        (hello.verb.as_str(), hello.process),
        ("test", std::process::id())
    );
    assert_eq!(attached.once(10).expect("a snapshot").rows.len(), 2);
    assert_eq!(attached.once(1).expect("a snapshot").rows.len(), 1);
}

#[test]
fn whoever_watches_from_within_needs_no_offer() {
    let mut pair = Pair::of(1);
    let mut attached = watch(&pair.near, "test", "a pipe").expect("sockets");
    assert_eq!(attached.hello().verb, "test");
    let [row] = &attached.once(10).expect("a snapshot").rows[..] else {
        panic!("one connection was expected");
    };
    let connection = Some(row.id);
    attached
        .ask(&Command::Follow { connection })
        .expect("it hears");
    attached.once(1).expect("a snapshot");
    pair.send(0, 100);
    let (_, _, mut reader) = attached.split().expect("a socket");
    assert!(matches!(next(&mut reader), Message::Event(told) if told.of == row.id));
}

#[test]
fn the_socket_is_gone_with_the_offer_and_so_are_those_who_watch() {
    let pair = Pair::of(1);
    let (_scratch, offer) = offered("gone", &pair);
    let attached = attach(&offer);
    let path = offer.path().to_owned();
    drop(offer);
    assert!(!path.exists());
    let (_, _, mut reader) = attached.split().expect("a socket");
    assert_eq!(reader.read().expect("an end"), None);
}

#[test]
fn events_of_a_connection_are_told_with_the_clause_that_they_obey() {
    let mut pair = Pair::of(1);
    let (_scratch, offer) = offered("events", &pair);
    let mut attached = attach(&offer);
    let id = attached.once(10).expect("a snapshot").rows[0].id;
    let connection = Some(id);
    attached
        .ask(&Command::Follow { connection })
        .expect("it hears");
    // What is asked next is answered when that has been obeyed.
    attached.once(1).expect("a snapshot");
    pair.send(0, 5_000);
    let (_, _, mut reader) = attached.split().expect("a socket");
    let mut sent = 0;
    while sent < 5_000 {
        let Message::Event(told) = next(&mut reader) else {
            panic!("only events were asked for");
        };
        assert_eq!(told.of, id);
        if told.record.name == "tcp:segment_sent" {
            assert_eq!(told.record.number("seq"), Some(1 + sent));
            assert!(told.record.why.is_some());
            sent += told.record.number("len").expect("a length");
        }
    }
}

#[test]
fn counts_begin_when_they_are_asked_for() {
    let mut pair = Pair::of(1);
    pair.send(0, 100_000);
    let (_scratch, offer) = offered("counts", &pair);
    let mut attached = attach(&offer);
    let watch = Command::Watch {
        every_ms: 0,
        most: 10,
        counts: true,
    };
    attached.ask(&watch).expect("it hears");
    let (_, _, mut reader) = attached.split().expect("a socket");
    let counted = |message| match message {
        Message::Snapshot(snapshot) => snapshot.counted.expect("it was asked for"),
        other => panic!("{other:?}"),
    };
    assert_eq!(counted(next(&mut reader)).packets_out, 0);
    pair.send(0, 10_000);
    let mut seen = counted(next(&mut reader));
    while seen.bytes_out < 10_000 {
        seen = counted(next(&mut reader));
    }
    // The bytes before are not counted.
    assert!(seen.bytes_out < 20_000, "{seen:?}");
    let ended: u64 = seen.endings.iter().map(|ending| ending.packets).sum();
    assert_eq!(ended, seen.packets_in);
}

#[test]
fn nonsense_is_answered_and_too_much_of_it_ends_the_talk() {
    let pair = Pair::of(0);
    let (_scratch, offer) = offered("nonsense", &pair);
    for nonsense in [
        &b"{\"once\":{\"most\":-1}}\n"[..],
        b"\n",
        b"\xff\x00\n",
        &[b'x'; 9000],
    ] {
        let attached = attach(&offer);
        let (_, mut stream, mut reader) = attached.split().expect("a socket");
        stream.write_all(nonsense).expect("room");
        assert!(matches!(next(&mut reader), Message::Trouble { .. }));
    }
    let attached = attach(&offer);
    let (_, mut stream, mut reader) = attached.split().expect("a socket");
    // The last may meet a closed door.
    let _ = stream.write_all(&b"what\n".repeat(100));
    let mut answers = 0;
    while let Ok(Some(Message::Trouble { .. })) = reader.read() {
        answers += 1;
    }
    assert_eq!(answers, 16);
}

#[test]
fn whoever_does_not_read_holds_nobody_up() {
    let mut pair = Pair::of(1);
    let (_scratch, offer) = offered("slow", &pair);
    let mut slow = attach(&offer);
    let watch = Command::Watch {
        every_ms: 0,
        most: 10,
        counts: true,
    };
    // Answers to so many fill every buffer that there is.
    for _ in 0..20_000 {
        if slow.ask(&watch).is_err() {
            break;
        }
    }
    pair.send(0, 100_000);
    assert_eq!(attach(&offer).once(10).expect("a snapshot").rows.len(), 1);
}

#[test]
fn no_more_than_some_may_watch() {
    let pair = Pair::of(0);
    let (_scratch, offer) = offered("many", &pair);
    let guests: Vec<Attached> = (0..GUESTS_MAX).map(|_| attach(&offer)).collect();
    let mut refused = String::new();
    let mut stream = place::reach(offer.path()).expect("it listens");
    stream.read_to_string(&mut refused).expect("a line");
    assert_eq!(refused, "{\"trouble\":{\"what\":\"8 watch already\"}}\n");
    drop(guests);
}

#[test]
fn a_folder_of_somebody_else_is_no_place_to_watch() {
    let pair = Pair::of(0);
    let scratch = Scratch::new("else");
    std::fs::create_dir(&scratch.0).expect("a folder");
    std::fs::set_permissions(&scratch.0, Permissions::from_mode(0o777)).expect("ours");
    assert!(Offer::make(&scratch.0, pair.near.clone(), "test", "a pipe").is_err());
}
