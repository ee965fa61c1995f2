//! Prints the TypeScript module to standard output; `cargo xtask generate` writes it into the UI.

fn main() {
    print!("{}", sirocco_protocol::typescript::module());
}
