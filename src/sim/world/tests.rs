mod outside;
mod paths;

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::*;
use crate::base::Rate;
use crate::sim::app::{Ending, Reading, Talk};
use crate::sim::impair::{Act, FallBack, Loss, Reorder, Rule, Weather};
use crate::sim::party::Outcome;
use crate::sim::queue::{Discipline, DropTail};

const A: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const B: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));
const MS: Duration = Duration::from_millis(1);

/// Two hosts and a link.
struct Two {
    world: World,
    a: NodeId,
    b: NodeId,
    link: LinkId,
}

fn two(seed: u64, path: &Path) -> Two {
    let mut world = World::new(seed);
    let a = world.host(Config::new(vec![(A, 24)])).unwrap();
    let b = world.host(Config::new(vec![(B, 24)])).unwrap();
    let link = world.link(a, b, &Link::both(path.clone())).unwrap();
    Two { world, a, b, link }
}

fn ten_megabits() -> Path {
    Path::new(Rate(10_000_000), 20 * MS)
}

impl Two {
    fn open(&mut self, app: App) -> FlowId {
        let to = SocketAddr::new(B, 80);
        self.world.open(self.world.now(), self.a, to, app).unwrap()
    }

    fn talk(&mut self, client: App, server: App) -> Conversation {
        self.world.serve(self.b, 80, Service::of(server)).unwrap();
        let flow = self.open(client);
        let deadline = self.world.now() + Duration::from_secs(600);
        assert!(
            self.world.run_to_the_end(deadline),
            "{}",
            self.world.describe()
        );
        self.world.conversation(flow)
    }
}

#[test]
fn a_transfer_takes_as_long_as_its_link_does() {
    let mut two = two(1, &ten_megabits());
    let talk = two.talk(App::bulk(1_000_000), App::sink());
    assert!(talk.is_whole(), "{talk:?}");
    assert_eq!(talk.server.unwrap().read, 1_000_000);
    // 8 Mb of text at 10 Mb/s with headers of 52 bytes on 1,448: 0.829 s, and a few round trips
    // of 40 ms in which the window opens.
    let took = two.world.age();
    assert!(took > 829 * MS && took < 1_200 * MS, "{took:?}");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let run = |seed, loss| {
        let path = Path {
            weather: Weather {
                loss: vec![Loss::bernoulli(loss)],
                jitter: 3 * MS,
                jitter_reorders: true,
                ..Weather::default()
            },
            ..ten_megabits()
        };
        let mut two = two(seed, &path);
        two.talk(App::bulk(300_000), App::echo());
        (two.world.trace(), two.world.now())
    };
    assert_eq!(run(5, 0.02), run(5, 0.02));
    assert_ne!(run(5, 0.02).0.hash(), run(6, 0.02).0.hash());
    assert_ne!(run(5, 0.02).0.hash(), run(5, 0.05).0.hash());
}

#[test]
fn observers_do_not_change_a_run() {
    let run = |watched: bool| {
        let mut two = two(5, &ten_megabits());
        if watched {
            two.world.connections(two.a);
        }
        two.talk(App::bulk(50_000), App::echo());
        two.world.trace()
    };
    assert_eq!(run(false), run(true));
}

#[test]
fn a_packet_that_is_named_is_lost_and_its_flow_counts_show_it() {
    let mut path = ten_megabits();
    path.weather.rules = vec![Rule {
        to: "data 20".parse().unwrap(),
        act: Act::Lose,
    }];
    let mut two = two(1, &path);
    let counts = two.world.connections(two.a);
    assert!(two.talk(App::bulk(100_000), App::sink()).is_whole());
    let [flow] = counts.connections()[..] else {
        panic!("one connection");
    };
    assert_eq!((flow.retransmitted, flow.timeouts), (1, 0));
    assert_eq!(flow.bytes_sent, 100_000);
    two.world.run(MS * 100);
    let stats = two.world.path_stats(two.link, Way::Forward);
    assert_eq!(stats.wire.lost_by_rule, 1);
    assert_eq!(stats.queue.left, stats.delivered + 1);
}

#[test]
fn a_short_queue_overflows_and_everything_arrives_all_the_same() {
    let mut path = ten_megabits();
    path.queue = Discipline::DropTail(DropTail::packets(5));
    let mut two = two(1, &path);
    assert!(two.talk(App::bulk(500_000), App::sink()).is_whole());
    let queue = two.world.path_stats(two.link, Way::Forward).queue;
    assert!(queue.overflowed > 0);
    assert_eq!(queue.packets_max, 5);
    // Five packets of 1,500 bytes at 10 Mb/s.
    assert!(queue.waited_max <= 6 * MS, "{queue:?}");
    assert_eq!(queue.came, queue.left + queue.dropped());
}

#[test]
fn packets_that_overtake_others_break_nothing() {
    let mut path = ten_megabits();
    path.weather.reorder = Some(Reorder {
        chance: 0.1,
        by: FallBack::Packets(10),
    });
    let mut two = two(1, &path);
    assert!(two.talk(App::bulk(300_000), App::echo()).is_whole());
    assert!(two.world.path_stats(two.link, Way::Forward).wire.held > 10);
}

#[test]
fn applications_keep_to_their_scripts() {
    let within = |talk: Conversation, least: Duration, most: Duration| {
        let (client, server) = (talk.client.unwrap(), talk.server.unwrap());
        assert!(talk.is_whole(), "{talk:?}");
        let ended = [client, server].map(|end| end.outcome.unwrap().1);
        let took = ended.into_iter().max().unwrap().since(client.began);
        assert!(took >= least && took <= most, "{took:?}");
    };
    // Thirty bytes, one at a time, each 100 ms after the one before.
    let typist = App {
        talk: Talk::Pieces {
            bytes: 30,
            piece: 1,
            every: 100 * MS,
        },
        nodelay: true,
        ..App::bulk(0)
    };
    let talk = two(1, &ten_megabits()).talk(typist, App::sink());
    within(talk, 2_900 * MS, 3_200 * MS);
    // Ten round trips of 40 ms, and half a second of thought before each but the first.
    let mut asking = App::ask(10, 100, 1_000);
    if let Talk::Ask { think, .. } = &mut asking.talk {
        *think = 500 * MS;
    }
    let talk = two(1, &ten_megabits()).talk(asking, App::answer(100, 1_000));
    assert_eq!(talk.client.unwrap().read, 10_000);
    within(talk, 4_900 * MS, 5_200 * MS);
    // 100,000 bytes, 1,000 each 10 ms.
    let slow = App {
        reading: Reading::Slow {
            bytes: 1_000,
            every: 10 * MS,
        },
        ..App::sink()
    };
    let talk = two(1, &ten_megabits()).talk(App::bulk(100_000), slow);
    within(talk, 990 * MS, 1_300 * MS);
    // Nothing is read for two seconds.
    let late = App {
        reading: Reading::Late { after: 2_000 * MS },
        ..App::sink()
    };
    let talk = two(1, &ten_megabits()).talk(App::bulk(100), late);
    within(talk, 2_000 * MS, 2_200 * MS);
    // The client says that it is done at once, and reads on.
    let server = App {
        talk: Talk::Bulk { bytes: 200_000 },
        ..App::sink()
    };
    let talk = two(1, &ten_megabits()).talk(App::bulk(10), server);
    within(talk, 160 * MS, 600 * MS);
}

#[test]
fn who_aborts_or_leaves_text_unread_breaks_the_conversation_off() {
    let outcomes = |client: App, server: App| {
        let mut two = two(1, &ten_megabits());
        two.talk(client, server);
        // Who lets go at once may do so before the other has begun.
        two.world.run(MS * 500);
        let talk = two.world.conversation(FlowId(0));
        [talk.client, talk.server].map(|end| end.unwrap().outcome.unwrap().0)
    };
    let reset = Outcome::Failed(crate::stack::Failure::Reset);
    let aborts = App {
        ending: Ending::Abort { at: 20_000 },
        ..App::sink()
    };
    assert_eq!(
        outcomes(App::bulk(100_000), aborts),
        [reset, Outcome::Aborted]
    );
    let deaf = App {
        reading: Reading::Never,
        ..App::bulk(10)
    };
    assert_eq!(outcomes(App::bulk(100_000), deaf), [reset, Outcome::Clean]);
    let hasty = App {
        ending: Ending::Hasty,
        ..App::bulk(1_000)
    };
    assert_eq!(outcomes(hasty, App::sink()), [Outcome::Clean; 2]);
}

#[test]
fn nobody_listens_and_the_client_is_told() {
    let mut two = two(1, &ten_megabits());
    let flow = two.open(App::bulk(10));
    two.world.run(MS * 100);
    let talk = two.world.conversation(flow);
    let refused = Outcome::Failed(crate::stack::Failure::Refused);
    assert_eq!(talk.client.unwrap().outcome.unwrap().0, refused);
    assert_eq!(talk.server, None);
    assert!(talk.is_over() && !talk.is_whole());
}

#[test]
fn a_service_that_is_overloaded_accepts_one_after_the_other() {
    let mut two = two(1, &ten_megabits());
    let service = Service {
        backlog: 2,
        accept_every: 300 * MS,
        ..Service::of(App::sink())
    };
    two.world.serve(two.b, 80, service).unwrap();
    let flows: Vec<FlowId> = (0..4).map(|_| two.open(App::bulk(100))).collect();
    let deadline = two.world.now() + Duration::from_secs(60);
    assert!(two.world.run_to_the_end(deadline));
    let began = flows.iter().map(|flow| {
        let talk = two.world.conversation(*flow);
        assert!(talk.is_whole());
        talk.server.unwrap().began
    });
    let mut began: Vec<Instant> = began.collect();
    began.sort_unstable();
    assert!(began.windows(2).all(|two| two[1].since(two[0]) >= 300 * MS));
}

#[test]
fn two_can_open_at_the_same_time() {
    let mut two = two(1, &ten_megabits());
    let now = two.world.now();
    let [a, b] = [A, B].map(|address| SocketAddr::new(address, 7_000));
    let first = (now, two.a, a, App::bulk(10_000));
    let second = (now + MS, two.b, b, App::bulk(20_000));
    let flow = two.world.open_both(first, second).unwrap();
    assert!(two.world.run_to_the_end(now + Duration::from_secs(10)));
    let talk = two.world.conversation(flow);
    assert!(talk.is_whole(), "{talk:?}");
    assert_eq!(talk.client.unwrap().read, 20_000);
}

#[test]
fn everything_is_forgotten_in_the_end() {
    let mut two = two(1, &ten_megabits());
    two.talk(App::bulk(1_000), App::sink());
    assert!(!two.world.is_forgotten());
    // TIME-WAIT lasts a minute.
    two.world.run(Duration::from_secs(61));
    assert!(two.world.is_forgotten());
    assert!(!two.world.step());
}

#[test]
fn a_host_that_pauses_goes_on_where_it_was() {
    let mut two = two(1, &ten_megabits());
    let at = two.world.now() + 100 * MS;
    two.world.fault(at, two.b, Fault::Pause(3_000 * MS));
    let talk = two.talk(App::bulk(500_000), App::sink());
    assert!(talk.is_whole());
    assert!(two.world.age() > 3_100 * MS);
}

#[test]
fn a_host_that_restarts_has_forgotten_and_its_service_is_there_again() {
    let mut two = two(1, &ten_megabits());
    let restart = two.world.now() + 100 * MS;
    two.world.fault(restart, two.b, Fault::Restart);
    let talk = two.talk(App::bulk(500_000), App::sink());
    let outcomes = [talk.client, talk.server].map(|end| end.unwrap().outcome.unwrap().0);
    let reset = Outcome::Failed(crate::stack::Failure::Reset);
    assert_eq!(outcomes, [reset, Outcome::Crashed]);
    let again = two.open(App::bulk(1_000));
    let deadline = two.world.now() + Duration::from_secs(10);
    assert!(two.world.run_to_the_end(deadline));
    assert!(two.world.conversation(again).is_whole());
}

#[test]
fn a_clock_that_jumps_takes_its_host_with_it() {
    let mut two = two(1, &ten_megabits());
    two.talk(App::bulk(1_000), App::sink());
    assert_eq!(two.world.stack(two.a).counts(), (0, 0, 1));
    let hour = Duration::from_secs(3_600);
    two.world
        .fault(two.world.now() + MS, two.a, Fault::Jump(hour));
    two.world.run(2 * MS);
    assert_eq!(two.world.stack(two.a).counts(), (0, 0, 0));
}

#[test]
fn a_device_that_carries_less_is_sent_less() {
    let mut two = two(1, &ten_megabits());
    let at = two.world.now() + 200 * MS;
    two.world.fault(at, two.a, Fault::Mtu(600));
    assert!(two.talk(App::bulk(300_000), App::sink()).is_whole());
    // With 1,448 bytes in each there would be 210 packets.
    let stats = two.world.path_stats(two.link, Way::Forward);
    assert!(stats.delivered > 300, "{}", stats.delivered);
}

#[test]
fn what_waits_for_a_peer_that_is_gone_comes_to_light_when_all_is_well() {
    let mut two = two(1, &ten_megabits());
    let waits = App::sink();
    two.world.serve(two.b, 80, Service::of(waits)).unwrap();
    let flow = two.open(waits);
    two.world.run(100 * MS);
    let restart = two.world.now();
    two.world.fault(restart, two.b, Fault::Restart);
    two.world.run(Duration::from_secs(1_000));
    assert!(!two.world.is_over(), "both wait, and one of them is gone");
    two.world.heal(InFlight::Arrives);
    two.world.run(Duration::from_secs(10));
    let client = two.world.conversation(flow).client.unwrap();
    let reset = Outcome::Failed(crate::stack::Failure::Reset);
    assert_eq!(client.outcome.unwrap().0, reset);
}

#[test]
fn healing_makes_the_worst_link_good() {
    let mut path = Path::new(Rate(1_000), Duration::from_secs(20));
    path.weather.loss = vec![Loss::bernoulli(1.0)];
    let mut two = two(1, &path);
    two.world
        .serve(two.b, 80, Service::of(App::echo()))
        .unwrap();
    let flow = two.open(App::bulk(50_000));
    two.world.run(Duration::from_secs(10));
    two.world.heal(InFlight::IsLost);
    let deadline = two.world.now() + Duration::from_secs(60);
    assert!(
        two.world.run_to_the_end(deadline),
        "{}",
        two.world.describe()
    );
    let talk = two.world.conversation(flow);
    assert!(talk.is_whole());
    // What the script says, and one byte more.
    assert_eq!(talk.client.unwrap().written, 50_001);
}

/// Remembers the types of the ICMP messages that come in.
#[derive(Clone, Default)]
struct Messages(Arc<std::sync::Mutex<Vec<u8>>>);

impl Observer for Messages {
    fn told(&mut self, told: &crate::probe::Told<'_>) {
        if let crate::probe::Event::PacketIn { bytes, .. } = told.event {
            let reading = crate::sim::reading::read(bytes, bytes.len()).unwrap();
            self.0.lock().unwrap().extend(reading.icmp_type);
        }
    }
}

#[test]
fn a_router_passes_on_and_complains_of_what_is_too_big() {
    let run = |complains: bool| {
        let mut world = World::new(1);
        let a = world.host(Config::new(vec![(A, 24)])).unwrap();
        let b = world.host(Config::new(vec![(B, 24)])).unwrap();
        let mut router = Router::default();
        if complains {
            router.complains_from = vec![Ipv4Addr::new(10, 0, 0, 254).into()];
        }
        let router = world.router(router);
        let near = world.link(a, router, &Link::both(Path::default())).unwrap();
        let narrow = Path {
            mtu: 1_000,
            ..Path::default()
        };
        world.link(router, b, &Link::both(narrow)).unwrap();
        world.serve(b, 80, Service::of(App::sink())).unwrap();
        let messages = Messages::default();
        world.observe(a, Box::new(messages.clone()));
        let to = SocketAddr::new(B, 80);
        let flow = world.open(world.now(), a, to, App::bulk(5_000)).unwrap();
        world.run(200 * MS);
        assert!(world.conversation(flow).server.is_some(), "the SYN fits");
        let types = messages.0.lock().unwrap().clone();
        assert!(world.path_stats(near, Way::Forward).delivered > 2);
        types
    };
    assert_eq!(run(false), [0; 0]);
    // RFC 792: destination unreachable, of which "fragmentation needed" is one.
    let types = run(true);
    assert!(!types.is_empty() && types.iter().all(|kind| *kind == 3));
}

// req: RFC8899-4.3-1
#[test]
fn a_path_that_swallows_long_packets_in_silence_is_found_out() {
    for mtu in [1_280, 1_200] {
        let mut two = two(1, &ten_megabits());
        let narrow = Path {
            mtu,
            ..ten_megabits()
        };
        let now = two.world.now();
        two.world
            .change(now, two.link, Way::Forward, narrow)
            .unwrap();
        let talk = two.talk(App::bulk(300_000), App::sink());
        assert!(talk.is_whole(), "{mtu}: {talk:?}");
        let age = two.world.age();
        assert!(age < Duration::from_secs(30), "{mtu}: {age:?}");
    }
}

#[test]
fn a_link_can_become_another() {
    let mut two = two(1, &ten_megabits());
    let slow = Path::new(Rate(1_000_000), 20 * MS);
    let at = two.world.now() + 200 * MS;
    two.world.change(at, two.link, Way::Forward, slow).unwrap();
    assert!(two.talk(App::bulk(500_000), App::sink()).is_whole());
    // Most of 4 Mb goes at a megabit a second.
    assert!(two.world.age() > 3_000 * MS, "{:?}", two.world.age());
}

#[test]
#[should_panic(expected = "read a wrong byte at 0")]
fn a_byte_that_is_another_ends_the_run() {
    let mut two = two(1, &ten_megabits());
    two.world
        .serve(two.b, 80, Service::of(App::sink()))
        .unwrap();
    two.open(App::bulk(100_000));
    two.world.run(70 * MS);
    // Somebody writes to the server's connection behind its application's back.
    let Node::Host(host) = &two.world.nodes[two.b.0] else {
        panic!("a host");
    };
    let conn = *host.parties.keys().next().unwrap();
    two.world.with_stack(two.b, |stack, now| {
        stack.write(now, conn, b"stray").unwrap()
    });
    two.world.run(100 * MS);
}

#[test]
#[should_panic(expected = "I-STATE broken")]
fn a_breach_ends_the_run() {
    let mut two = two(1, &ten_megabits());
    let mut watch = two.world.invariants(two.a);
    two.world
        .serve(two.b, 80, Service::of(App::sink()))
        .unwrap();
    two.open(App::bulk(1_000));
    two.world.run(10 * MS);
    watch.told(&crate::probe::Told {
        id: crate::probe::EventId::FIRST,
        cause: Some(crate::probe::EventId::FIRST),
        at: two.world.now(),
        on: crate::probe::Subject::Connection(1),
        event: &crate::probe::Event::StateChanged {
            from: crate::probe::State::Listen,
            to: crate::probe::State::TimeWait,
            on: crate::probe::Edge::FinAcked,
        },
    });
    two.world.run(100 * MS);
}

#[test]
fn a_host_needs_an_address() {
    let refused = World::new(1).host(Config::new(Vec::new())).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "addresses: [] is out of range: at least one address"
    );
}
