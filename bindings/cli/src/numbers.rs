//! Numbers as people read them.

/// How a measure's values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `12,345`
    Count,
    /// A share of one, as `41.9 %`.
    Percent,
    /// `12.3`
    Tenths,
    /// `1.23`
    #[cfg(feature = "wasm")]
    Hundredths,
}

impl Format {
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Self::Count => group_thousands(&format!("{value:.0}")),
            Self::Tenths => group_thousands(&format!("{value:.1}")),
            #[cfg(feature = "wasm")]
            Self::Hundredths => group_thousands(&format!("{value:.2}")),
            Self::Percent => format!("{:.1} %", value * 100.0),
        }
    }

    /// Whether a value is seen to be another than 0.
    pub(crate) fn differs_from_zero(self, value: f64) -> bool {
        self.show(value) != self.show(0.0)
    }
}

/// Puts commas between groups of three digits left of the point.
fn group_thousands(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut grouped = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

/// `2,000`.
pub(crate) fn thousands(count: usize) -> String {
    group_thousands(&count.to_string())
}

/// `1 node`, `2,000 nodes`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", thousands(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(Format::Count.show(1_234_567.4), "1,234,567");
        assert_eq!(Format::Tenths.show(-1234.56), "-1,234.6");
        assert_eq!(Format::Count.show(999.0), "999");
        assert_eq!(Format::Percent.show(0.4186), "41.9 %");
    }
}
