use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_resolver::proto::rr::RecordType;

use super::super::fixtures::{a, answer, at, resolver as ask_by, run, txt, world};
use super::super::{Error, Source};
use super::*;

/// Where the resolver under test answers, on the client's stack.
const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 53);

/// A resolver at [`HERE`] for whom `allows` takes, and what it tells.
fn start(network: &Network, allows: fn(IpAddr) -> bool) -> Arc<Mutex<Vec<Served>>> {
    let (resolver, _) = ask_by(network, &Source::resolvers(&[at(1)]));
    let told = Arc::new(Mutex::new(Vec::new()));
    let kept = told.clone();
    let server = Recursive::new(resolver, allows, move |served| {
        kept.lock().expect("no panic").push(served);
    });
    let network = network.clone();
    ::tokio::spawn(async move { server.serve(&network, &[HERE]).await });
    told
}

#[test]
fn others_are_answered_by_datagram_and_by_connection_and_from_memory() {
    run(async || {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let (here, others) = world(move |_, over, query| {
            counted.fetch_add(1, Ordering::Relaxed);
            let big = query.queries[0].query_type == RecordType::TXT;
            vec![match (big, over) {
                (false, _) => answer(query, &[a("www.test.", 60, [192, 0, 2, 1])], |_| {}),
                (true, Transport::Udp) => {
                    answer(query, &[], |message| message.metadata.truncation = true)
                }
                (true, Transport::Tcp) => answer(query, &[txt("www.test.", 20)], |_| {}),
            }]
        });
        let told = start(&here, |_| true);
        ::tokio::task::yield_now().await;
        for kind in [RecordType::A, RecordType::TXT] {
            // Two clients, each without a memory of the other's.
            for _ in 0..2 {
                let (client, _) = ask_by(&others, &Source::resolvers(&[HERE]));
                let found = client.lookup("www.test.", kind).await.expect("an answer");
                assert_eq!(found.records.len(), 1);
            }
        }
        // One for A, and for TXT one truncated and one whole.
        assert_eq!(asked.load(Ordering::Relaxed), 3);
        let told = told.lock().expect("no panic");
        let over: Vec<_> = told.iter().map(|served| served.over).collect();
        use Transport::{Tcp, Udp};
        assert_eq!(over, [Udp, Udp, Udp, Tcp, Udp, Tcp]);
    });
}

// req: RFC1034-5.2.1-1
#[test]
fn whoever_may_not_ask_is_refused_and_nobody_is_asked() {
    run(async || {
        let (here, others) = world(|_, _, _| panic!("nobody is asked"));
        let _told = start(&here, |_| false);
        ::tokio::task::yield_now().await;
        let (client, _) = ask_by(&others, &Source::resolvers(&[HERE]));
        let error = client.lookup("www.test.", RecordType::A).await.unwrap_err();
        assert!(
            matches!(error, Error::Failed(ResponseCode::Refused)),
            "{error}"
        );
    });
}

#[test]
fn the_same_question_is_asked_once_however_many_wait_and_a_failure_is_kept_a_while() {
    run(async || {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let (here, _others) = world(move |_, _, query| {
            counted.fetch_add(1, Ordering::Relaxed);
            vec![answer(query, &[], |message| {
                message.metadata.response_code = ResponseCode::ServFail;
            })]
        });
        let (resolver, _) = ask_by(&here, &Source::resolvers(&[at(1)]));
        let flights = Flights::new(resolver);
        let name = super::super::fixtures::name("www.test.");
        let mut waiting = JoinSet::new();
        for _ in 0..50 {
            let (flights, name) = (flights.clone(), name.clone());
            waiting.spawn(async move { flights.find(&name, RecordType::A).await });
        }
        while let Some(found) = waiting.join_next().await {
            let found = found.expect("no panic").expect("room");
            assert!(matches!(
                &*found,
                Err(Error::Failed(ResponseCode::ServFail))
            ));
        }
        let first = asked.load(Ordering::Relaxed);
        flights.find(&name, RecordType::A).await.expect("room");
        // What a single lookup takes: it is tried again, and over TCP, but by one and not by fifty.
        assert!(first <= 6, "{first}");
        assert_eq!(asked.load(Ordering::Relaxed), first);
    });
}
