use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::*;
use crate::sim::{Conversation, Link, NodeId, Path, Service, World};
use crate::stack::Config;

const MS: Duration = Duration::from_millis(1);

/// Two hosts with a link between them; the second listens on port 80.
fn two(script: impl IntoIterator<Item = Step>) -> (World, NodeId, SocketAddr) {
    let mut world = World::new(1);
    let [a, b] = [1, 2].map(|last| {
        let address = IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
        world.host(Config::new(vec![(address, 24)])).expect("valid")
    });
    let link = Link::both(Path::default());
    world.link(a, b, &link).expect("valid");
    let service = Service::of(Script::APP);
    let served = world.serve_script(b, 80, service, script.into_iter().collect());
    served.expect("a free port");
    (world, a, SocketAddr::from(([10, 0, 0, 2], 80)))
}

fn run(world: &mut World) -> Conversation {
    world.run(Duration::from_secs(300));
    let (_, conversation) = world.conversations().next().expect("one was opened");
    conversation
}

/// The client asks, waits, half closes; the server answers with more after the end was heard.
#[test]
fn steps_are_taken_one_after_another() {
    let server = [
        Step::Receive { bytes: 100 },
        Step::Talk(Talk::Bulk { bytes: 5_000 }),
        Step::ReceiveAll,
        Step::Talk(Talk::Bulk { bytes: 7 }),
        Step::Close,
    ];
    let (mut world, client, to) = two(server);
    let at = world.now();
    let steps = [
        Step::Talk(Talk::Bulk { bytes: 100 }),
        Step::Receive { bytes: 5_000 },
        Step::Wait(300 * MS),
        Step::Shutdown,
        Step::ReceiveAll,
        Step::Close,
    ];
    world.open_script(at, client, None, to, steps.into_iter().collect());
    let done = run(&mut world);
    assert!(done.is_whole(), "{done:?}");
    let (client, server) = (done.client.expect("began"), done.server.expect("began"));
    assert_eq!((client.written, server.written), (100, 5_007));
    // Handshake, question and answer take three ways of ten milliseconds and more before the wait.
    let (_, ended) = client.outcome.expect("over");
    assert!(ended.since(at) >= 330 * MS, "{ended}");
}

/// A script that is empty does nothing until more is added.
#[test]
fn steps_can_be_added_later() {
    let (mut world, client, to) = two([Step::ReceiveAll, Step::Close]);
    let at = world.now();
    let flow = world.open_script(at, client, None, to, Script::default());
    assert_eq!(world.latest_of(client), None);
    world.run(Duration::from_secs(1));
    let report = world.conversation(flow).client.expect("began");
    assert_eq!((report.written, report.outcome), (0, None));
    let more = [Step::Talk(Talk::Bulk { bytes: 9 }), Step::Close];
    let end = world.latest_of(client).expect("it began");
    assert!(world.is_connected(end));
    assert!(world.add_steps(end, &more));
    let done = run(&mut world);
    assert!(done.is_whole(), "{done:?}");
    assert_eq!(done.server.expect("began").read, 9);
}

/// Two messages in a row are written as two, the second with pauses.
#[test]
fn what_is_said_counts_from_where_it_began() {
    let (mut world, client, to) = two([Step::ReceiveAll, Step::Close]);
    let at = world.now();
    let pieces = Talk::Pieces {
        bytes: 30,
        piece: 10,
        every: 50 * MS,
    };
    let steps = [
        Step::Talk(Talk::Bulk { bytes: 1_001 }),
        Step::Talk(pieces),
        Step::Close,
    ];
    world.open_script(at, client, None, to, steps.into_iter().collect());
    let done = run(&mut world);
    assert_eq!(done.server.expect("began").read, 1_031);
    let (_, ended) = done.client.expect("began").outcome.expect("over");
    assert!(ended.since(at) >= 100 * MS, "{ended}");
}

#[test]
fn an_abort_is_heard_by_the_peer() {
    let (mut world, client, to) = two([Step::ReceiveAll, Step::Close]);
    let at = world.now();
    let steps = [Step::Wait(100 * MS), Step::Abort];
    world.open_script(at, client, None, to, steps.into_iter().collect());
    let done = run(&mut world);
    let (outcome, _) = done.client.expect("began").outcome.expect("over");
    assert_eq!(outcome, Outcome::Aborted);
    let (outcome, _) = done.server.expect("began").outcome.expect("over");
    assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
}

#[test]
fn values_out_of_range_are_refused() {
    let step = Step::Talk(Talk::Pieces {
        bytes: 1,
        piece: 0,
        every: MS,
    });
    let error = step.check().expect_err("a piece of nothing");
    assert!(error.to_string().contains("piece"), "{error}");
}

/// What came before the connection was accepted is answered too.
#[test]
fn an_answer_counts_what_came_with_the_handshake() {
    let answer = Talk::Answer {
        request: 100,
        answer: 3_000,
    };
    let (mut world, client, to) = two([Step::Talk(answer), Step::Close]);
    let ask = Talk::Ask {
        times: 2,
        request: 100,
        answer: 3_000,
        think: Duration::ZERO,
    };
    let steps = [Step::Talk(ask), Step::Close];
    world.open_script(world.now(), client, None, to, steps.into_iter().collect());
    let done = run(&mut world);
    assert!(done.is_whole(), "{done:?}");
    assert_eq!(done.client.map(|client| client.read), Some(6_000));
}
