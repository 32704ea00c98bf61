//! Linux as the other end: what only a real kernel can prove.
//!
//! Each case runs in a process and a network namespace of its own, so that names and ports never
//! clash and nothing of the machine is touched; `harness` has the rules. To run some of them:
//! `cargo test --test kernel -- tun`.

mod bundle;
mod harness;
mod link;
mod namespace;
mod packets;
mod path;
mod programs;
mod queues;
mod reactions;
mod scripts;
mod tun;
mod tun_gso;
mod udp;
mod veth;
mod world;

use std::process::ExitCode;

fn main() -> ExitCode {
    harness::main(&[
        namespace::CASES,
        scripts::CASES,
        tun::CASES,
        tun_gso::CASES,
        queues::CASES,
        path::CASES,
        bundle::CASES,
        udp::CASES,
        veth::CASES,
        link::CASES,
        reactions::CASES,
        world::CASES,
        programs::any::CASES,
        programs::serve::CASES,
        programs::get::CASES,
        programs::live::CASES,
        programs::names::CASES,
        programs::ping::CASES,
        programs::shell::CASES,
        programs::demo::CASES,
        programs::drill::CASES,
        programs::run::CASES,
        programs::secure::CASES,
        programs::capture::CASES,
        programs::wireshark::CASES,
        programs::page::CASES,
    ])
}
