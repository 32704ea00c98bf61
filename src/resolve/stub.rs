//! Recursive resolvers, asked one after another.
//!
//! A server that fails is no reason to give up while there is another (RFC 1034 section 5.3.3): the
//! library goes on only when one is silent, so each has a resolver of its own here, and what one
//! does not answer the next is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_resolver::config::{ResolverConfig, ResolverOpts};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{Hosts, Resolver};

use super::lookup::{Answer, Error, bounded};
use super::runtime::Provider;

/// All of them.
#[derive(Clone)]
pub(super) struct Stub(Arc<Servers>);

struct Servers {
    each: Vec<Resolver<Provider>>,
    /// How often all are asked.
    rounds: usize,
    /// The one that answered last: the next question goes there first.
    latest: AtomicUsize,
}

impl Stub {
    pub fn new(
        config: &(ResolverConfig, ResolverOpts),
        provider: &Provider,
        hosts: &Arc<Hosts>,
    ) -> Result<Stub, Error> {
        let (config, options) = config;
        let mut options = bounded(options.clone());
        options.max_active_requests = ACTIVE;
        // A path that eats datagrams may still carry connections (RFC 7766 section 5).
        options.try_tcp_on_error = true;
        let rounds = options.attempts.max(1);
        if config.name_servers().len() > 1 {
            // The others come before the same one again (RFC 1035 section 4.2.1): no repeats.
            options.attempts = 0;
        }
        let each = config.name_servers().iter().map(|server| {
            let mut config = config.clone();
            config.name_servers = vec![server.clone()];
            let builder = Resolver::builder_with_config(config, provider.clone());
            let mut resolver = builder.with_options(options.clone()).build()?;
            resolver.set_hosts(hosts.clone());
            Ok(resolver)
        });
        let each = each.collect::<Result<Vec<_>, Error>>()?;
        Ok(Stub(Arc::new(Servers {
            rounds: if each.len() > 1 { rounds } else { 1 },
            each,
            latest: AtomicUsize::new(0),
        })))
    }

    /// The first answer; else the last failure.
    pub async fn lookup(&self, name: Name, kind: RecordType) -> Result<Answer, Error> {
        let Servers {
            each,
            rounds,
            latest,
        } = &*self.0;
        let mut failed = Error::Nobody;
        let first = latest.load(Ordering::Relaxed);
        for number in 0..each.len() * rounds {
            let index = (first + number) % each.len();
            let error = match each[index].lookup(name.clone(), kind).await {
                Ok(found) => {
                    latest.store(index, Ordering::Relaxed);
                    let records = found.answers().to_vec();
                    return Ok(Answer { records });
                }
                Err(error) => Error::from(error),
            };
            if error.is_an_answer() {
                latest.store(index, Ordering::Relaxed);
                return Err(error);
            }
            failed = error;
        }
        Err(failed)
    }
}

/// How many questions may be out at a time.
const ACTIVE: usize = 256;
