//! Quantities against fixed cases and against slow arithmetic on decimal strings.

use super::*;
use proptest::prelude::*;

fn nanos(text: &str) -> i128 {
    text.parse::<Quantity>().unwrap_or_else(|e| panic!("{e}")).nanos
}

#[test]
fn every_notation_is_read() {
    for (text, expected) in [
        ("0", 0),
        ("1", NANOS),
        ("+1", NANOS),
        ("-1", -NANOS),
        ("-0", 0),
        ("1.", NANOS),
        (".5", NANOS / 2),
        ("0.5Ki", 512 * NANOS),
        ("1n", 1),
        ("1u", 1_000),
        ("1m", 1_000_000),
        ("1k", 1_000 * NANOS),
        ("1E", 1_000_000_000_000_000_000 * NANOS),
        ("1Ei", (1 << 60) * NANOS),
        ("1e3", 1_000 * NANOS),
        ("1E3", 1_000 * NANOS),
        ("1E+3", 1_000 * NANOS),
        ("1e-3", 1_000_000),
        ("12e0", 12 * NANOS),
        ("0.1n", 1),
        ("1e-400", 1),
        ("0e99999999999999999999", 0),
        ("0000000000000000000000000000000000000000000000001", NANOS),
        ("10000000000000000000000000000000000000000e-40", NANOS),
    ] {
        assert_eq!(nanos(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_quantity_is_malformed() {
    for text in [
        "", " 1", "1 ", "1 Gi", ".", "+", "-", "--1", "1..2", "1.2.3", "1K", "1ki", "1mi", "1Kib", "1e", "1e+",
        "1e1.5", "1E3Ki", "abc", "0x10", "1_000", "1,5", "NaN", "inf", "١", "1µ",
    ] {
        assert_eq!(text.parse::<Quantity>(), Err(QuantityError::Malformed(text.to_owned())), "{text}");
    }
}

#[test]
fn bounds_are_named() {
    assert_eq!(amount("memory", "9223372036854775807"), Ok(i64::MAX));
    for text in ["9223372036854775808", "8Ei", "10E", "1e40", "1e9999999999999999999999", "9223372036854775807.1"] {
        assert_eq!(amount("memory", text), Err(QuantityError::TooLarge(text.to_owned())), "{text}");
    }
    assert_eq!(amount("cpu", "9223372036854775.807"), Ok(i64::MAX));
    assert_eq!(amount("cpu", "9223372036854775.8071"), Err(QuantityError::TooLarge("9223372036854775.8071".into())));
    assert_eq!(amount("cpu", "-1n"), Err(QuantityError::Negative("-1n".into())));
    assert_eq!(amount("cpu", "-0"), Ok(0));
}

/// The slow reference: the decimal string of a number, doubled ten times a binary prefix, its point moved, then cut.
mod slow {
    /// Digits before and after the point.
    pub(super) struct Decimal(pub(super) String, pub(super) String);

    impl Decimal {
        fn double(&self) -> Self {
            let mut out = Vec::new();
            let mut carry = 0;
            for c in self.0.chars().chain(self.1.chars()).rev() {
                let sum = c.to_digit(10).unwrap() * 2 + carry;
                out.push(char::from_digit(sum % 10, 10).unwrap());
                carry = sum / 10;
            }
            out.push(char::from_digit(carry, 10).unwrap());
            let all: String = out.iter().rev().collect();
            let (whole, fraction) = all.split_at(all.len() - self.1.len());
            Self(whole.to_owned(), fraction.to_owned())
        }

        fn ten_times(mut self) -> Self {
            let next = if self.1.is_empty() { '0' } else { self.1.remove(0) };
            self.0.push(next);
            self
        }

        fn tenth(mut self) -> Self {
            let last = self.0.pop().unwrap_or('0');
            self.1.insert(0, last);
            self
        }

        pub(super) fn scaled(mut self, binary: usize, decimal: i32) -> Self {
            for _ in 0..binary {
                self = self.double();
            }
            for _ in 0..decimal.abs() {
                self = if decimal > 0 { self.ten_times() } else { self.tenth() };
            }
            self
        }

        pub(super) fn ceil(&self) -> u128 {
            let whole = if self.0.is_empty() { 0 } else { self.0.parse::<u128>().unwrap() };
            whole + u128::from(self.1.chars().any(|c| c != '0'))
        }
    }
}

proptest! {
    #[test]
    fn quantities_equal_slow_decimal_arithmetic(
        whole in "[0-9]{0,8}",
        fraction in "[0-9]{0,12}",
        suffix in prop::sample::select(vec![
            ("", 0, 0), ("n", 0, -9), ("u", 0, -6), ("m", 0, -3), ("k", 0, 3), ("M", 0, 6), ("G", 0, 9), ("Ki", 10, 0),
            ("Mi", 20, 0), ("Gi", 30, 0), ("Ti", 40, 0), ("e3", 0, 3), ("E-7", 0, -7), ("e+1", 0, 1), ("E12", 0, 12),
        ]),
    ) {
        prop_assume!(!whole.is_empty() || !fraction.is_empty());
        let (suffix, binary, decimal) = suffix;
        let quantity: Quantity = format!("{whole}.{fraction}{suffix}").parse().unwrap();
        let expect = |places| slow::Decimal(whole.clone(), fraction.clone()).scaled(binary, decimal + places).ceil();
        prop_assert_eq!(quantity.milli() as u128, expect(3));
        prop_assert_eq!(quantity.whole() as u128, expect(0));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,40}", near in "[-+]?[0-9]{0,50}\\.?[0-9]{0,50}[eEKMGmnu]?[-+]?[0-9i]{0,30}") {
        let _ = (text.parse::<Quantity>(), near.parse::<Quantity>(), amount("cpu", &near));
    }
}
