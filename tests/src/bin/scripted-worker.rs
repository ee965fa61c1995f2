//! A worker whose model follows a script: see `sirocco_testkit::Script`.

fn main() {
    sirocco_testkit::run_scripted_worker()
}
