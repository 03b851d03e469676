//! The two hashes whose values others can see and recompute: of names, and of the rank that breaks ties.

/// FNV-1a over bytes, 64 bits.
///
/// Source: Fowler, Noll, Vo; parameters of the 64-bit variant.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    fnv1a_with(0xcbf2_9ce4_8422_2325, bytes)
}

/// Continues an FNV-1a hash over more bytes.
pub fn fnv1a_with(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The static rank of a node under a seed: among equal totals the lowest rank wins, then the smaller name.
///
/// One step of `SplitMix64` (Steele, Lea, Flood 2014) over the seed and the hash of the name, so that nodes of equal worth
/// share the load evenly and no order of rows or names shows through.
pub fn rank(seed: u64, name_hash: u64) -> u64 {
    let mut z = (seed ^ name_hash).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The hash that has this rank under seed 0.
#[cfg(feature = "record")]
pub(crate) fn of_rank(rank: u64) -> u64 {
    // Each step of `rank` backwards; the factors are the inverses of its own modulo 2^64.
    let z = (rank ^ (rank >> 31) ^ (rank >> 62)).wrapping_mul(0x3196_42b2_d24d_8ec3);
    let z = (z ^ (z >> 27) ^ (z >> 54)).wrapping_mul(0x96de_1b17_3f11_9089);
    (z ^ (z >> 30) ^ (z >> 60)).wrapping_sub(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_values_hold() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(rank(0, 0), 0xe220_a839_7b1d_cdaf);
    }

    #[cfg(feature = "record")]
    #[test]
    fn every_rank_has_its_hash() {
        for rank_wanted in (0..64).map(|bit| 1 << bit).chain(0..100).chain([u64::MAX, fnv1a(b"a")]) {
            assert_eq!(rank(0, of_rank(rank_wanted)), rank_wanted);
        }
    }
}
