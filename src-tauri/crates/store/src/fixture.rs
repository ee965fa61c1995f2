//! What the tests of several tables start from.
