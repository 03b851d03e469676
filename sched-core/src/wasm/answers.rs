//! What a module answers, checked: nothing that it writes is believed.

use super::WasmError;
use sched_abi::{Hook, Manifest, Normalize, Prepared, Rows, Verdict, bit};

/// The bit that says that preemption cannot help.
const UNRESOLVABLE: u64 = 1 << 63;

/// Each byte of an answer that was not given: as a verdict it has a bit that is none, as a score it is below every range.
pub(super) const BLANK: u8 = 0xc0;

/// Takes verdicts; each must pass, or have reasons that are `allowed`.
pub(super) fn verdicts(bytes: &[u8], allowed: u64, out: &mut [Verdict]) -> Result<(), WasmError> {
    let words = bytes.as_chunks::<8>().0;
    if words.len() != out.len() {
        return Err(WasmError::Verdict);
    }
    let (mut all, mut bare) = (0, 0);
    for (out, word) in out.iter_mut().zip(words) {
        let word = u64::from_le_bytes(*word);
        all |= word;
        // The top bit of `some` says that there is a reason. No comparison: 64-bit ones would end the vector loop.
        let reasons = word << 1;
        let some = reasons | reasons.wrapping_neg();
        bare |= word & !some;
        *out = Verdict(word);
    }
    if bare & UNRESOLVABLE == 0 && all & !(allowed | UNRESOLVABLE) == 0 { Ok(()) } else { Err(WasmError::Verdict) }
}

/// Within what raw scores must lie.
#[derive(Clone, Copy)]
pub(super) struct Range<'a> {
    pub(super) normalize: Normalize,
    /// Rows that hold a node: what is said of others does not count.
    pub(super) live: &'a [u64],
}

/// Takes raw scores; those of live rows must lie within the range.
pub(super) fn scores(bytes: &[u8], rows: Rows<'_>, range: Range<'_>, out: &mut [i64]) -> Result<(), WasmError> {
    let words = bytes.as_chunks::<8>().0;
    if words.len() != out.len() {
        return Err(WasmError::Score);
    }
    let (least, most) = range.normalize.range();
    // In range is what has no bit beyond those of the width, and gets none when it is moved to the range's end. No comparison:
    // 64-bit ones would end the vector loop.
    let width = most.wrapping_sub(least);
    let bits = (width as u64 + 1).next_power_of_two() as i64 - 1;
    let mut beyond = 0;
    for (out, word) in out.iter_mut().zip(words) {
        *out = i64::from_le_bytes(*word);
        let above = out.wrapping_sub(least);
        beyond |= above | above.wrapping_add(bits - width);
    }
    if beyond & !bits == 0 {
        return Ok(());
    }
    for (row, score) in rows.iter().zip(out) {
        if !(least..=most).contains(score) {
            if bit(range.live, row) {
                return Err(WasmError::Score);
            }
            *score = least;
        }
    }
    Ok(())
}

/// Checks what `prepare` answered; reasons lie below `reasons`.
pub(super) fn check_prepared(manifest: &Manifest, prepared: Prepared, reasons: u32) -> Result<(), WasmError> {
    let (least, most) = manifest.normalize.range();
    let constant = match prepared.score {
        Hook::Constant(raw) => (least..=most).contains(&raw),
        Hook::Run | Hook::Skip => true,
    };
    if constant && prepared.reject.is_none_or(|place| place < reasons) { Ok(()) } else { Err(WasmError::Prepared) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn a_verdict_needs_a_reason_of_the_table() {
        let mut out = [Verdict::PASS; 2];
        for (word, fine) in [(0, true), (1, true), (2, false), (1 | UNRESOLVABLE, true), (UNRESOLVABLE, false)] {
            assert_eq!(verdicts(&bytes(&[0, word]), 1, &mut out).is_ok(), fine, "{word:x}");
        }
        assert!(verdicts(&bytes(&[0]), 1, &mut out).is_err());
    }

    #[test]
    fn an_answer_that_was_not_given_is_none() {
        let blank = [BLANK; 8];
        assert!(verdicts(&blank, u64::MAX >> 2, &mut [Verdict::PASS]).is_err());
        for normalize in [Normalize::None, Normalize::Max] {
            let range = Range { normalize, live: &[1] };
            assert!(scores(&blank, Rows::Range { start: 0, end: 1 }, range, &mut [0]).is_err());
        }
    }

    #[test]
    fn scores_of_live_rows_lie_within_the_range() {
        let range = Range { normalize: Normalize::None, live: &[0b01] };
        let rows = Rows::Range { start: 0, end: 2 };
        let mut out = [0; 2];
        assert!(scores(&bytes(&[100, u64::MAX]), rows, range, &mut out).is_ok());
        assert_eq!(out, [100, 0]);
        assert_eq!(scores(&bytes(&[101, 0]), rows, range, &mut out), Err(WasmError::Score));
        assert_eq!(scores(&bytes(&[u64::MAX, 0]), rows, range, &mut out), Err(WasmError::Score));
        let wide = Range { normalize: Normalize::Max, ..range };
        assert!(scores(&bytes(&[1 << 46, 0]), rows, wide, &mut out).is_ok());
        assert!(scores(&bytes(&[(1 << 46) + 1, 0]), rows, wide, &mut out).is_err());
    }
}
