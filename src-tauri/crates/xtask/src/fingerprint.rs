//! Hashes that tell whether something changed. FNV-1a: the same on every machine and with every
//! compiler, which the standard hasher does not promise. Not against anyone who wants a collision.

use std::fmt;

/// A hash in the making.
pub struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    /// Takes in some bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Takes in some bytes and where they end.
    pub fn add_part(&mut self, bytes: &[u8]) {
        self.add(bytes);
        self.add(&bytes.len().to_le_bytes());
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;

    fn of(parts: &[&str]) -> String {
        let mut fingerprint = Fingerprint::default();
        for part in parts {
            fingerprint.add_part(part.as_bytes());
        }
        fingerprint.to_string()
    }

    #[test]
    fn where_a_part_ends_matters() {
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab"]), of(&["ab", ""]));
    }

    #[test]
    fn it_is_the_published_function() {
        // http://www.isthe.com/chongo/tech/comp/fnv: the vector of "foobar".
        let mut fingerprint = Fingerprint::default();
        fingerprint.add(b"foobar");
        assert_eq!(fingerprint.to_string(), "85944171f73967e8");
    }
}
