//! The worker's executable.

fn main() {
    sirocco_worker::process::run(sirocco_worker_mistralrs::MistralRs)
}
