use std::io::Write as _;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_resolver::proto::op::{Message, MessageType, OpCode};
use hickory_resolver::proto::rr::DNSClass;

use super::super::fixtures::*;
use super::super::meaning::Meaning;
use super::super::watch::Transport;
use super::*;

const BOTH: Families = Families { v4: true, v6: true };

fn question(message: &Message) -> (String, RecordType) {
    let query = &message.queries[0];
    (query.name.to_lowercase().to_string(), query.query_type)
}

/// What every server says of `www.test.`, whoever it is.
fn knows_www(query: &Message) -> Vec<u8> {
    match question(query) {
        (name, RecordType::A) if name == "www.test." => {
            answer(query, &[a("www.test.", 60, [192, 0, 2, 1])], |_| {})
        }
        (name, RecordType::AAAA) if name == "www.test." => {
            answer(query, &[aaaa("www.test.", 60, "2001:db8::1")], |_| {})
        }
        (name, _) if name == "www.test." => negative(query, ResponseCode::NoError, "test."),
        (name, _) if name == "broken.test." => answer(query, &[], |message| {
            message.metadata.response_code = ResponseCode::ServFail;
        }),
        _ => negative(query, ResponseCode::NXDomain, "test."),
    }
}

// req: RFC1034-4.3.1-1, RFC1035-4.1.1-1, RFC1035-4.1.2-1, RFC6891-6.1.3-1
#[test]
fn a_stub_asks_one_question_of_class_in_and_for_recursion() {
    run(async || {
        let (client, _servers) = world(|_, _, query| vec![knows_www(query)]);
        let (resolver, walk) = resolver(&client, &Source::resolvers(&[at(1)]));
        let found = resolver.lookup("www.test.", RecordType::A).await;
        assert_eq!(
            found.expect("an answer").records,
            [a("www.test.", 60, [192, 0, 2, 1])]
        );
        let way = walk.take();
        let [exchange] = way.as_slice() else {
            panic!("one question: {way:?}");
        };
        let query = &exchange.query;
        assert_eq!(query.metadata.message_type, MessageType::Query);
        assert_eq!(query.metadata.op_code, OpCode::Query);
        assert!(query.metadata.recursion_desired);
        assert!(!query.metadata.authoritative && !query.metadata.truncation);
        assert_eq!(query.queries.len(), 1);
        assert_eq!(query.queries[0].query_class, DNSClass::IN);
        assert_eq!(query.edns.as_ref().expect("EDNS").version(), 0);
        assert_eq!(exchange.server, at(1));
        assert_eq!(Meaning::of(exchange), Meaning::Answer(1));
    });
}

// req: RFC1034-5.2.1-1, RFC2308-2.2-1
#[test]
fn no_name_no_data_and_a_failing_server_are_told_apart() {
    run(async || {
        let (client, _servers) = world(|_, _, query| vec![knows_www(query)]);
        let (resolver, walk) = resolver(&client, &Source::resolvers(&[at(1)]));
        let error = resolver
            .lookup("none.test.", RecordType::A)
            .await
            .unwrap_err();
        assert!(
            matches!(&error, Error::NoSuchName { soa: Some(soa), .. } if soa.name == name("test.")),
            "{error}"
        );
        let error = resolver
            .lookup("www.test.", RecordType::MX)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::NoData { .. }), "{error}");
        let error = resolver
            .lookup("broken.test.", RecordType::A)
            .await
            .unwrap_err();
        assert!(
            matches!(error, Error::Failed(ResponseCode::ServFail)),
            "{error}"
        );
        assert_eq!(error.to_string().matches("SERVFAIL").count(), 1);
        let meanings: Vec<_> = walk.take().iter().map(Meaning::of).collect();
        assert_eq!(meanings[..2], [Meaning::NoSuchName, Meaning::NoData]);
        assert_eq!(meanings[2], Meaning::Failed(ResponseCode::ServFail));
        let error = resolver
            .lookup(&"x".repeat(64), RecordType::A)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Malformed { .. }), "{error}");
    });
}

// req: RFC1035-4.1.1-2, RFC1123-6.1.3.2-1, RFC7766-5-1, RFC1035-4.2.2-1, RFC7766-8-2
#[test]
fn what_is_truncated_is_asked_for_again_over_tcp_and_comes_in_pieces() {
    run(async || {
        let (client, _servers) = world(|_, over, query| match over {
            Transport::Udp => vec![answer(query, &[], |message| {
                message.metadata.truncation = true;
            })],
            Transport::Tcp => vec![answer(query, &[txt("big.test.", 20)], |_| {})],
        });
        let (resolver, walk) = resolver(&client, &Source::resolvers(&[at(1)]));
        let found = resolver.lookup("big.test.", RecordType::TXT).await;
        assert_eq!(found.expect("an answer").records, [txt("big.test.", 20)]);
        let way = walk.take();
        let seen: Vec<_> = way.iter().map(|one| (one.over, Meaning::of(one))).collect();
        let whole = (Transport::Tcp, Meaning::Answer(1));
        assert_eq!(seen, [(Transport::Udp, Meaning::Truncated), whole]);
        assert!(way[1].reply.as_ref().is_some_and(|reply| reply.len > 4000));
        // What was whole is remembered, and nothing is asked (RFC 1123 section 6.1.3.2).
        let again = resolver.lookup("big.test.", RecordType::TXT).await;
        assert_eq!(again.expect("an answer").records.len(), 1);
        assert_eq!(walk.take().len(), 0);
    });
}

// req: RFC1034-5.3.1-1, RFC1123-6.1.3.1-2
#[test]
fn the_next_server_is_asked_when_one_fails() {
    run(async || {
        let (client, _servers) = world(|server, _, query| {
            if server == super::super::fixtures::server(1) {
                return vec![answer(query, &[], |message| {
                    message.metadata.response_code = ResponseCode::Refused;
                })];
            }
            vec![knows_www(query)]
        });
        let (resolver, walk) = resolver(&client, &Source::resolvers(&[at(1), at(2)]));
        let found = resolver.lookup("www.test.", RecordType::A).await;
        assert_eq!(found.expect("an answer").records.len(), 1);
        let asked: Vec<_> = walk.take().iter().map(|one| one.server).collect();
        assert_eq!(asked, [at(1), at(2)]);
        // It is not asked again as long as the other answers.
        let found = resolver.lookup("none.test.", RecordType::A).await;
        assert!(matches!(found, Err(Error::NoSuchName { .. })), "{found:?}");
        let asked: Vec<_> = walk.take().iter().map(|one| one.server).collect();
        assert_eq!(asked, [at(2)]);
    });
}

// req: RFC1034-5.3.3-1, RFC1123-6.1.3.1-1, RFC1123-6.1.3.3-3, RFC2308-5-2
#[test]
fn what_may_be_remembered_is_asked_for_once() {
    run(async || {
        let (client, _servers) = world(|_, _, query| match question(query) {
            (name, _) if name == "brief.test." => {
                vec![answer(
                    query,
                    &[a("brief.test.", 0, [192, 0, 2, 9])],
                    |_| {},
                )]
            }
            _ => vec![knows_www(query)],
        });
        let (resolver, walk) = resolver(&client, &Source::resolvers(&[at(1)]));
        let mut asked = Vec::new();
        for name in ["www.test.", "none.test.", "brief.test."] {
            for _ in 0..2 {
                let _ = resolver.lookup(name, RecordType::A).await;
            }
            asked.push(walk.take().len());
        }
        assert_eq!(asked, [1, 1, 2]);
    });
}

// req: RFC7766-7-1, RFC1035-7.3-1
#[test]
fn a_forged_answer_does_not_end_the_wait() {
    run(async || {
        let (client, _servers) = world(|_, _, query| {
            let forged = answer(query, &[a("www.test.", 60, [203, 0, 113, 6])], |message| {
                message.metadata.id = query.metadata.id.wrapping_add(1);
            });
            let mut other = query.clone();
            other.queries[0].name = name("other.test.");
            let other = answer(&other, &[a("www.test.", 60, [203, 0, 113, 7])], |_| {});
            vec![forged, b"??".to_vec(), other, knows_www(query)]
        });
        let (resolver, walk) = resolver(&client, &Source::resolvers(&[at(1)]));
        let found = resolver.lookup("www.test.", RecordType::A).await;
        assert_eq!(
            found.expect("an answer").records,
            [a("www.test.", 60, [192, 0, 2, 1])]
        );
        assert_eq!(walk.take()[0].strays, 3);
    });
}

#[test]
fn ids_and_ports_are_fresh_for_each_question() {
    run(async || {
        let (client, _servers) = world(|_, _, query| {
            vec![answer(
                query,
                &[a("brief.test.", 0, [192, 0, 2, 9])],
                |_| {},
            )]
        });
        let (resolver, walk) = resolver(&client, &Source::resolvers(&[at(1)]));
        for _ in 0..32 {
            let found = resolver.lookup("brief.test.", RecordType::A).await;
            found.expect("an answer");
        }
        let way = walk.take();
        let count = |mut all: Vec<u16>| {
            all.sort_unstable();
            all.dedup();
            all.len()
        };
        // Two of 32 fall together once in 130 times; four once in a hundred thousand.
        assert!(count(way.iter().map(|one| one.query.metadata.id).collect()) >= 30);
        assert!(count(way.iter().map(|one| one.local.port()).collect()) >= 30);
    });
}

/// A root, a zone below it and one below that, each with a server of its own.
fn tree(server: IpAddr, query: &Message) -> Vec<u8> {
    let (asked, kind) = question(query);
    let number = match server {
        IpAddr::V4(ip) => ip.octets()[3] - 1,
        IpAddr::V6(_) => unreachable!("all have IPv4"),
    };
    match (number, asked.as_str(), kind) {
        (1, _, _) if asked.ends_with("test.") => {
            referral(query, "test.", "ns.test.", [10, 0, 0, 3])
        }
        (2, _, _) if asked.ends_with("deep.test.") => {
            referral(query, "deep.test.", "ns.deep.test.", [10, 0, 0, 4])
        }
        (3, "www.deep.test.", RecordType::A) => {
            answer(query, &[cname("www.deep.test.", "edge.deep.test.")], |_| {})
        }
        (3, "edge.deep.test.", RecordType::A) => {
            answer(query, &[a("edge.deep.test.", 60, [192, 0, 2, 7])], |_| {})
        }
        (3, "round.deep.test.", RecordType::A) => answer(
            query,
            &[cname("round.deep.test.", "again.deep.test.")],
            |_| {},
        ),
        (3, "again.deep.test.", RecordType::A) => answer(
            query,
            &[cname("again.deep.test.", "round.deep.test.")],
            |_| {},
        ),
        (3, "www.deep.test." | "edge.deep.test.", _) => {
            negative(query, ResponseCode::NoError, "deep.test.")
        }
        (3, "round.deep.test." | "again.deep.test.", _) => {
            negative(query, ResponseCode::NoError, "deep.test.")
        }
        (3, _, _) => negative(query, ResponseCode::NXDomain, "deep.test."),
        _ => negative(query, ResponseCode::NXDomain, "."),
    }
}

fn walking() -> Source {
    Source::Iterative {
        roots: vec![server(1)],
        anywhere: true,
    }
}

// req: RFC1034-3.6.2-1, RFC1035-2.3.3-1
#[test]
fn a_walk_follows_referrals_and_aliases_and_ends_where_aliases_go_round() {
    run(async || {
        let (client, _servers) = world(|server, _, query| vec![tree(server, query)]);
        let (resolver, walk) = resolver(&client, &walking());
        let found = resolver.lookup("WWW.deep.test", RecordType::A).await;
        let found = found.expect("an answer").records;
        let data: Vec<_> = found.iter().map(|record| record.data.to_string()).collect();
        assert_eq!(data, ["edge.deep.test.", "192.0.2.7"]);
        let way = walk.take();
        // Nobody is asked to recurse.
        assert!(way.iter().all(|one| !one.query.metadata.recursion_desired));
        let Meaning::Referral {
            zone,
            servers,
            glue,
        } = Meaning::of(&way[0])
        else {
            panic!("the root refers: {way:?}");
        };
        assert_eq!((zone, servers), (name("test."), vec![name("ns.test.")]));
        assert_eq!(glue, [server(2)]);
        // The root hears no more of the name than it needs.
        let (first, _) = question(&way[0].query);
        assert_eq!(first, "test.");
        let asked = |number| way.iter().any(|one| one.server == at(number));
        assert!(asked(1) && asked(2) && asked(3));

        let error = resolver
            .lookup("round.deep.test", RecordType::A)
            .await
            .unwrap_err();
        assert!(
            matches!(error, Error::Loop { .. } | Error::TooFar(_)),
            "{error:?}"
        );
        assert!(walk.take().len() < 40);
        let error = resolver
            .lookup("no.deep.test", RecordType::A)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::NoSuchName { .. }), "{error:?}");
    });
}

// req: RFC1034-5.2.2-1
#[test]
fn an_alias_that_is_asked_for_is_the_answer() {
    run(async || {
        let (client, _servers) =
            world(|_, _, query| vec![answer(query, &[cname("www.test.", "edge.test.")], |_| {})]);
        let (resolver, walk) = resolver(&client, &Source::resolvers(&[at(1)]));
        let found = resolver.lookup("www.test.", RecordType::CNAME).await;
        assert_eq!(
            found.expect("an answer").records,
            [cname("www.test.", "edge.test.")]
        );
        assert_eq!(walk.take().len(), 1);
    });
}

#[test]
fn servers_with_private_addresses_are_asked_only_in_a_world_of_ones_own() {
    run(async || {
        let (client, _servers) = world(|server, _, query| vec![tree(server, query)]);
        let source = Source::Iterative {
            roots: vec![server(1)],
            anywhere: false,
        };
        let (resolver, walk) = resolver(&client, &source);
        let found = resolver.lookup("www.deep.test", RecordType::A).await;
        assert!(found.is_err(), "{found:?}");
        assert!(walk.take().iter().all(|one| one.server == at(1)));
    });
}

#[test]
fn addresses_take_turns_and_those_where_nobody_can_be_are_left_out() {
    run(async || {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let (client, _servers) = world(move |_, _, query| {
            counted.fetch_add(1, Ordering::Relaxed);
            let (asked, kind) = question(query);
            vec![match (asked.as_str(), kind) {
                ("two.test.", RecordType::A) => {
                    let both = [
                        a("two.test.", 60, [192, 0, 2, 1]),
                        a("two.test.", 60, [127, 0, 0, 1]),
                    ];
                    answer(query, &both, |_| {})
                }
                ("two.test.", _) => answer(query, &[aaaa("two.test.", 60, "2001:db8::1")], |_| {}),
                ("here.test.", RecordType::A) => {
                    answer(query, &[a("here.test.", 60, [127, 0, 0, 1])], |_| {})
                }
                ("here.test.", _) => negative(query, ResponseCode::NoError, "test."),
                _ => negative(query, ResponseCode::NXDomain, "test."),
            }]
        });
        let (resolver, _) = resolver(&client, &Source::resolvers(&[at(1)]));
        let found = resolver.addresses("two.test.", BOTH).await.expect("some");
        let v6 = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
        assert_eq!(found, [v6.into(), IpAddr::from([192, 0, 2, 1])]);
        let v4 = Families {
            v4: true,
            v6: false,
        };
        assert_eq!(
            resolver
                .addresses("two.test.", v4)
                .await
                .expect("one")
                .len(),
            1
        );
        let error = resolver.addresses("here.test.", v4).await.unwrap_err();
        assert!(matches!(error, Error::NotThere { .. }), "{error}");
        let error = resolver.addresses("none.test.", BOTH).await.unwrap_err();
        assert!(matches!(error, Error::NoSuchName { .. }), "{error}");
        assert_eq!(asked.load(Ordering::Relaxed), 5);
    });
}

#[test]
fn a_port_where_nobody_serves_is_an_error_at_once() {
    run(async || {
        let (client, _servers) = world(|_, _, query| vec![knows_www(query)]);
        let nobody = SocketAddr::new(server(4), 53);
        let (resolver, _) = resolver(&client, &Source::resolvers(&[nobody]));
        let error = resolver
            .lookup("www.test.", RecordType::A)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Unreached), "{error:?}");
    });
}

#[test]
fn what_the_hosts_file_says_needs_no_question() {
    run(async || {
        let (client, _servers) = world(|_, _, query| vec![knows_www(query)]);
        let path = std::env::temp_dir().join(format!("hosts-{}", std::process::id()));
        let mut file = File::create(&path).expect("a file");
        file.write_all(b"192.0.2.55 mine.test alias.test # and a remark\n")
            .expect("room");
        for source in [Source::resolvers(&[at(1)]), walking(), Source::Nobody] {
            let walk = super::super::Walk::default();
            let resolver = Resolver::new(&client, &source, walk.watch(), &path);
            let resolver = resolver.expect("a resolver");
            let found = resolver
                .addresses(
                    "alias.test",
                    Families {
                        v4: true,
                        v6: false,
                    },
                )
                .await;
            assert_eq!(found.expect("it is there"), [IpAddr::from([192, 0, 2, 55])]);
            assert_eq!(walk.take().len(), 0);
            if matches!(source, Source::Nobody) {
                let error = resolver
                    .lookup("other.test", RecordType::A)
                    .await
                    .unwrap_err();
                assert!(matches!(error, Error::Nobody), "{error}");
            }
        }
        std::fs::remove_file(&path).expect("it is there");
    });
}
