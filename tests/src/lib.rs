//! Stories over the whole system, and the architecture test.
