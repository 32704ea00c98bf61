//! Who has no stack: two worlds that reach each other through doors.

use super::*;
use crate::sim::script::Step;

/// A host, and a door behind which the other host is.
fn half(seed: u64, own: IpAddr, other: IpAddr) -> (World, NodeId, NodeId) {
    let mut world = World::new(seed);
    let host = world.host(Config::new(vec![(own, 24)])).unwrap();
    let door = world.outsider(Outsider::door(vec![other]));
    let link = Link::both(ten_megabits());
    world.link(host, door, &link).unwrap();
    (world, host, door)
}

/// Both go on, a millisecond each, and what comes to a door goes through it.
fn go_on(worlds: &mut [(World, NodeId, NodeId); 2], turns: u32) {
    for _ in 0..turns {
        for index in [0, 1] {
            let (world, _, door) = &mut worlds[index];
            world.run(MS);
            let packets: Vec<_> = std::iter::from_fn(|| world.take_arrived(*door)).collect();
            let (there, _, from) = &mut worlds[1 - index];
            for packet in packets {
                there.put(*from, packet);
            }
        }
    }
}

/// What one writes the other reads, byte by byte, though neither world knows both ends.
#[test]
fn worlds_meet_at_their_doors() {
    let mut worlds = [half(1, A, B), half(2, B, A)];
    let script = |steps: &[Step]| steps.iter().copied().collect::<Script>();
    let talk = |bytes| Step::Talk(Talk::Bulk { bytes });
    let (world, host, _) = &mut worlds[1];
    let answers = script(&[talk(5_000), Step::ReceiveAll, Step::Close]);
    let served = world.serve_script(*host, 80, Service::of(Script::APP), answers);
    served.unwrap();
    let (world, host, _) = &mut worlds[0];
    let asks = script(&[talk(20_000), Step::Receive { bytes: 5_000 }, Step::Close]);
    let now = world.now();
    world.open_script(now, *host, None, SocketAddr::new(B, 80), asks);
    go_on(&mut worlds, 1_000);
    for (world, read) in worlds.iter().map(|(world, ..)| world).zip([5_000, 20_000]) {
        let (_, talk) = world.conversations().next().unwrap();
        let report = talk.client.unwrap();
        assert_eq!((report.read, report.written), (read, 25_000 - read));
        assert!(world.is_over() && world.only_waits() && world.is_silent());
    }
}

#[test]
fn what_comes_to_who_has_no_stack_is_gone() {
    let mut world = World::new(1);
    let host = world.host(Config::new(vec![(A, 24)])).unwrap();
    let nobody = world.outsider(Outsider::at(vec![B]));
    world
        .link(host, nobody, &Link::both(ten_megabits()))
        .unwrap();
    let to = SocketAddr::new(B, 80);
    world.open(world.now(), host, to, App::bulk(1)).unwrap();
    world.run(5_000 * MS);
    assert_eq!(world.take_arrived(nobody), None);
    // Nothing that a host or a router would send leaves by this way.
    world.put(host, vec![0x45; 40]);
    assert!(world.is_silent());
}
