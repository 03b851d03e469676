//! Which of several best nodes is taken: the one of the lowest rank, a hash of seed and name.

/// The node among `names` that wins the tie.
pub(crate) fn winner<'a>(names: impl Iterator<Item = &'a str>, seed: u64) -> Option<&'a str> {
    names.min_by_key(|name| (rank(seed, name), *name))
}

/// The finaliser of splitmix64 (Steele, Lea, Flood 2014) over the seed and the FNV-1a hash of the name.
fn rank(seed: u64, name: &str) -> u64 {
    let mut z = seed ^ fnv1a64(name.as_bytes());
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn fnv1a64(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325;
    for &byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_equals_its_published_values() {
        assert_eq!(fnv1a64(b""), 0xCBF2_9CE4_8422_2325);
        assert_eq!(fnv1a64(b"a"), 0xAF63_DC4C_8601_EC8C);
        assert_eq!(fnv1a64(b"foobar"), 0x8594_4171_F739_67E8);
    }

    #[test]
    fn seeds_spread_the_winners_over_all_nodes() {
        let names = ["a", "b", "c"];
        for name in names {
            assert!((0..100).any(|seed| winner(names.into_iter(), seed) == Some(name)));
        }
    }
}
