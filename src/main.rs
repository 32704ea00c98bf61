//! The program `pellucid`: everything about it is in `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    pellucid::cli::main()
}
