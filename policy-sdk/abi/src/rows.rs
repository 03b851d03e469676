//! Which rows of the node table a call is about, and the loops over columns that kernels are written with.

/// The rows of one batch call. `out[k]` of a call belongs to the `k`-th row.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// All rows from `start` up to, but without, `end`: loops over these are vectorised.
    Range {
        /// First row.
        start: usize,
        /// One past the last row.
        end: usize,
    },
    /// The rows of a list, in its order.
    List(&'a [u32]),
}

impl<'a> Rows<'a> {
    /// The rows from the `from`-th up to, but without, the `to`-th.
    #[must_use]
    pub fn slice(self, from: usize, to: usize) -> Rows<'a> {
        match self {
            Self::Range { start, end } => Self::Range { start: start + from, end: end.min(start + to) },
            Self::List(list) => Self::List(list.get(from..to.min(list.len())).unwrap_or_default()),
        }
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Range { start, end } => end.saturating_sub(*start),
            Self::List(list) => list.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The `k`-th row, if there is one.
    #[must_use]
    pub fn get(&self, k: usize) -> Option<usize> {
        match self {
            Self::Range { start, end } => Some(start + k).filter(|row| row < end),
            Self::List(list) => list.get(k).map(|&row| row as usize),
        }
    }

    /// The rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.len()).filter_map(|k| self.get(k))
    }

    /// Calls `f(out[k], columns at row k)` for every row. A column that is shorter than the rows reads as zero there.
    ///
    /// Dense ranges become one vector loop; lists gather. This is the loop that kernels over quantities are made of.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the closure must be inlined into the loop for it to vectorise")]
    pub fn update<const N: usize, T>(self, columns: [&[f64]; N], out: &mut [T], mut f: impl FnMut(&mut T, [f64; N])) {
        match self {
            Self::Range { start, end } => {
                let n = end.saturating_sub(start).min(out.len());
                let mut cut: [&[f64]; N] = [&[]; N];
                let mut whole = true;
                for (cut, column) in cut.iter_mut().zip(columns) {
                    *cut = column.get(start..start + n).unwrap_or_default();
                    whole &= cut.len() == n;
                }
                let Some(out) = out.get_mut(..n) else { return };
                if whole {
                    dense(cut, out, f);
                } else {
                    for (row, out) in (start..end).zip(out) {
                        f(out, columns.map(|c| c.get(row).copied().unwrap_or(0.0)));
                    }
                }
            }
            Self::List(list) => {
                for (&row, out) in list.iter().zip(out) {
                    f(out, columns.map(|c| c.get(row as usize).copied().unwrap_or(0.0)));
                }
            }
        }
    }

    /// Like [`Rows::update`], writing what `f` returns.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "as for `update`")]
    pub fn map<const N: usize, T>(self, columns: [&[f64]; N], out: &mut [T], f: impl Fn([f64; N]) -> T) {
        self.update(columns, out, |out, values| *out = f(values));
    }

    /// Calls `f(out[k], bit of row k)` for every row of a bitmap; bits beyond its end are 0.
    ///
    /// Dense ranges go word by word: where 64 rows agree, as most do in a sparse bitmap, the loop over them is vectorised.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "as for `update`")]
    pub fn update_bits<T>(self, bits: &[u64], out: &mut [T], f: impl Fn(&mut T, bool)) {
        let Self::Range { start, end } = self else {
            for (row, out) in self.iter().zip(out) {
                f(out, crate::bit(bits, row));
            }
            return;
        };
        let n = end.saturating_sub(start).min(out.len());
        let lead = n.min(start.next_multiple_of(64) - start);
        let Some((first, whole)) = out.get_mut(..n).map(|out| out.split_at_mut(lead)) else { return };
        for (row, out) in (start..).zip(first) {
            f(out, crate::bit(bits, row));
        }
        let words = bits.get((start + lead) / 64..).unwrap_or_default().iter().copied();
        for (out, word) in whole.chunks_mut(64).zip(words.chain(core::iter::repeat(0))) {
            match word {
                0 => out.iter_mut().for_each(|out| f(out, false)),
                u64::MAX => out.iter_mut().for_each(|out| f(out, true)),
                _ => out.iter_mut().enumerate().for_each(|(i, out)| f(out, word >> i & 1 == 1)),
            }
        }
    }

    /// Calls `f(out[k], id of row k)` for every row of a column of ids; ids beyond its end are 0.
    #[inline]
    pub fn update_ids<T>(self, ids: &[u32], out: &mut [T], f: impl Fn(&mut T, u32)) {
        if let Self::Range { start, end } = self
            && let Some(ids) = ids.get(start..end)
        {
            for (&id, out) in ids.iter().zip(out) {
                f(out, id);
            }
            return;
        }
        for (row, out) in self.iter().zip(out) {
            f(out, ids.get(row).copied().unwrap_or(0));
        }
    }
}

/// The vector loop: every slice has the length of `out`, which the assertion lets the compiler rely on.
#[inline(always)]
#[allow(clippy::inline_always, clippy::indexing_slicing, reason = "the lengths are equal, asserted at entry")]
fn dense<const N: usize, T>(columns: [&[f64]; N], out: &mut [T], mut f: impl FnMut(&mut T, [f64; N])) {
    let n = out.len();
    assert!(columns.iter().all(|c| c.len() == n));
    for i in 0..n {
        let mut values = [0.0; N];
        for (value, column) in values.iter_mut().zip(columns) {
            *value = column[i];
        }
        f(&mut out[i], values);
    }
}

/// The bit of each of 64 rows.
#[allow(clippy::indexing_slicing, reason = "evaluated when compiled, where a panic is an error")]
const BITS: [u64; 64] = {
    let mut bits = [0; 64];
    let mut i = 0;
    while i < 64 {
        bits[i] = 1 << i;
        i += 1;
    }
    bits
};

/// A bit for each item for which `f` holds; 64 at once become one vector loop. Items beyond 64 are left out.
#[inline(always)]
#[allow(clippy::inline_always, reason = "as for `Rows::update`")]
pub fn bits_where<T>(items: &[T], f: impl Fn(&T) -> bool) -> u64 {
    let set = |bits: u64, (item, bit): (&T, &u64)| bits | if f(item) { *bit } else { 0 };
    match items.first_chunk::<64>() {
        Some(items) => items.iter().zip(&BITS).fold(0, set),
        None => items.iter().zip(&BITS).fold(0, set),
    }
}

/// The bit of each of 64 rows: one vector loop.
#[cfg(not(target_arch = "wasm32"))]
#[inline(always)]
#[allow(clippy::inline_always, clippy::indexing_slicing, reason = "as for `Rows::update`; every index is below 64")]
fn word_of<const N: usize>(columns: [&[f64; 64]; N], f: impl Fn([f64; N]) -> bool) -> u64 {
    (0..64).fold(0, |bits, i| bits | if f(columns.map(|c| c[i])) { BITS[i] } else { 0 })
}

/// The same in a loop over groups of 8 rows that is not unrolled: a sandbox has 16 vector registers, and what does not fit
/// into them goes through memory.
#[cfg(target_arch = "wasm32")]
#[inline(always)]
#[allow(clippy::inline_always, clippy::indexing_slicing, reason = "as for `Rows::update`; every index is below 64")]
fn word_of<const N: usize>(columns: [&[f64; 64]; N], f: impl Fn([f64; N]) -> bool) -> u64 {
    let mut word = 0;
    for group in 0..core::hint::black_box(8) {
        let at = group * 8 & 63;
        let bits = (0..8).fold(0, |bits, i| bits | if f(columns.map(|c| c[at + i])) { BITS[i] } else { 0 });
        word |= bits << at;
    }
    word
}

/// Clears in `feasible`, whose first bit is row `start`, the bits of rows for whose values of the columns `f` does not hold.
/// A column that is shorter than the rows reads as zero there.
#[inline(always)]
#[allow(clippy::inline_always, clippy::indexing_slicing, reason = "as for `Rows::update`; every index is below 64")]
pub fn keep_rows<const N: usize>(
    columns: [&[f64]; N],
    start: usize,
    feasible: &mut [u64],
    f: impl Fn([f64; N]) -> bool,
) {
    for (word, row) in feasible.iter_mut().zip((start..).step_by(64)) {
        if *word == 0 {
            continue;
        }
        let mut cut = [&[0.0; 64]; N];
        let mut whole = true;
        for (cut, column) in cut.iter_mut().zip(columns) {
            match column.get(row..).and_then(<[f64]>::first_chunk) {
                Some(chunk) => *cut = chunk,
                None => whole = false,
            }
        }
        *word &= if whole {
            word_of(cut, &f)
        } else {
            let value = |c: &[f64], i: usize| c.get(row + i).copied().unwrap_or(0.0);
            (0..64).fold(0, |bits, i| bits | if f(columns.map(|c| value(c, i))) { BITS[i] } else { 0 })
        };
    }
}
