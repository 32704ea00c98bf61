//! The command line: sets up logging and runs one verb.

fn main() {}
