//! Kubernetes quantities, exactly: text becomes whole numbers, rounded up as kube-scheduler rounds them.

use thiserror::Error;

/// Why a text is not a usable quantity.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// It does not follow the grammar.
    #[error("`{0}` is not a quantity: write a number such as `250m`, `1.5`, `2Gi` or `1e3`")]
    Malformed(String),
    /// It is below 0.
    #[error("`{0}` is negative: quantities of a node or pod are 0 or more")]
    Negative(String),
    /// It does not fit in 64 bits after scaling.
    #[error("`{0}` is beyond 2^63-1 in its base unit")]
    TooLarge(String),
}

/// An amount in billionths of a unit, the resolution that Kubernetes keeps; finer parts are rounded up.
///
/// The grammar is that of `k8s.io/apimachinery/pkg/api/resource`: a decimal number with an optional sign, then one of
/// `n u m k M G T P E`, `Ki Mi Gi Ti Pi Ei`, or an exponent such as `e3` or `E-2`.
///
/// ```
/// use sched_k8s::Quantity;
///
/// let quantity: Quantity = "1.0005".parse()?;
/// assert_eq!((quantity.milli(), quantity.whole()), (1_001, 2));
/// assert_eq!("1.5Gi".parse::<Quantity>()?.whole(), 1_610_612_736);
/// assert_eq!("5e-1".parse::<Quantity>()?, "500m".parse()?);
/// # Ok::<(), sched_k8s::QuantityError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Quantity {
    nanos: i128,
}

const NANOS: i128 = 1_000_000_000;
const NANOS_PER_MILLI: i128 = 1_000_000;
/// Decimal places of the resolution.
const PLACES: i64 = 9;
/// Digits beyond which a whole number certainly leaves 128 bits.
const MAX_DIGITS: i64 = 39;

impl Quantity {
    /// In thousandths, rounded up.
    pub fn milli(self) -> i128 {
        ceil(self.nanos, NANOS_PER_MILLI)
    }

    /// In whole units, rounded up.
    pub fn whole(self) -> i128 {
        ceil(self.nanos, NANOS)
    }

    /// In billionths.
    pub(crate) fn nanos(self) -> i128 {
        self.nanos
    }

    /// Whether it is above 0.
    pub fn is_positive(self) -> bool {
        self.nanos > 0
    }
}

fn ceil(value: i128, unit: i128) -> i128 {
    value.div_euclid(unit) + i128::from(value.rem_euclid(unit) != 0)
}

impl std::str::FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let malformed = || QuantityError::Malformed(text.to_owned());
        let (negative, rest) = sign(text);
        let number_len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(number_len);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
            return Err(malformed());
        }
        let Scale { factor, exponent } = scale(suffix).ok_or_else(malformed)?;
        let digits = times(whole.bytes().chain(fraction.bytes()).map(|b| b - b'0').collect(), factor);
        let shift = exponent.saturating_sub(fraction.len() as i64).saturating_add(PLACES);
        let magnitude = shifted(&digits, shift).ok_or_else(|| QuantityError::TooLarge(text.to_owned()))?;
        Ok(Self { nanos: if negative { -magnitude } else { magnitude } })
    }
}

/// The amount of a resource in its base unit: milli-CPU for `cpu`, whole units (bytes, counts) for all others.
///
/// ```
/// assert_eq!(sched_k8s::amount("cpu", "0.1")?, 100);
/// assert_eq!(sched_k8s::amount("memory", "128Mi")?, 134_217_728);
/// assert!(sched_k8s::amount("memory", "-1").is_err());
/// # Ok::<(), sched_k8s::QuantityError>(())
/// ```
///
/// # Errors
/// A text that is not a quantity, is below 0, or leaves 64 bits.
pub fn amount(resource: &str, text: &str) -> Result<i64, QuantityError> {
    let quantity: Quantity = text.parse()?;
    if quantity.nanos < 0 {
        return Err(QuantityError::Negative(text.to_owned()));
    }
    let value = if resource == "cpu" { quantity.milli() } else { quantity.whole() };
    i64::try_from(value).map_err(|_| QuantityError::TooLarge(text.to_owned()))
}

fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, text.get(1..).unwrap_or_default()),
        _ => (false, text),
    }
}

/// What a suffix multiplies with: `factor * 10^exponent`.
struct Scale {
    factor: u64,
    exponent: i64,
}

fn scale(suffix: &str) -> Option<Scale> {
    let decimal = |exponent| Some(Scale { factor: 1, exponent });
    let binary = |power: u32| Some(Scale { factor: 1 << power, exponent: 0 });
    match suffix {
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "" => decimal(0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => decimal(exponent(suffix.strip_prefix(['e', 'E'])?)?),
    }
}

/// A whole number with an optional sign; one of more digits than 64 bits hold counts as the largest there is.
fn exponent(text: &str) -> Option<i64> {
    let (negative, digits) = sign(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // An eighth of the range, so that sums with the length of a text cannot overflow.
    let magnitude = digits.parse().unwrap_or(i64::MAX).min(i64::MAX / 8);
    Some(if negative { -magnitude } else { magnitude })
}

/// Schoolbook multiplication of decimal digits, most significant first.
fn times(mut digits: Vec<u8>, factor: u64) -> Vec<u8> {
    if factor == 1 {
        return digits;
    }
    let mut carry = 0_u128;
    for digit in digits.iter_mut().rev() {
        let value = u128::from(*digit) * u128::from(factor) + carry;
        *digit = (value % 10) as u8;
        carry = value / 10;
    }
    while carry > 0 {
        digits.insert(0, (carry % 10) as u8);
        carry /= 10;
    }
    digits
}

/// `digits * 10^shift` as a whole number, rounded up; none where that leaves 128 bits.
fn shifted(digits: &[u8], shift: i64) -> Option<i128> {
    let start = digits.iter().position(|&d| d != 0).unwrap_or(digits.len());
    let digits = digits.get(start..).unwrap_or_default();
    if digits.is_empty() {
        return Some(0);
    }
    let len = (digits.len() as i64).saturating_add(shift);
    if len > MAX_DIGITS {
        return None;
    }
    let kept = digits.len().min(usize::try_from(len).unwrap_or(0));
    let (whole, rest) = digits.split_at(kept);
    let zeros = (len - kept as i64).max(0);
    let padded = whole.iter().copied().chain(std::iter::repeat_n(0, usize::try_from(zeros).ok()?));
    let value = padded
        .take(usize::try_from(len).unwrap_or(0))
        .try_fold(0_i128, |sum, digit| sum.checked_mul(10)?.checked_add(i128::from(digit)))?;
    value.checked_add(i128::from(rest.iter().any(|&d| d != 0)))
}

#[cfg(test)]
#[path = "quantity_tests.rs"]
mod tests;
