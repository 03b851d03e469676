//! Quantities in Kubernetes' notation.

use sched_k8s::{Quantity, amount};

/// Any text is refused with a reason, or a number whose roundings agree.
pub fn quantity(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let quantity: Quantity = match text.parse() {
        Ok(quantity) => quantity,
        Err(error) => {
            assert!(error.to_string().contains(text));
            assert_eq!(amount("cpu", text), Err(error));
            return;
        }
    };
    let (milli, whole) = (quantity.milli(), quantity.whole());
    assert!((milli - 1_000 * whole).abs() < 1_000 && milli <= 1_000 * whole, "{text}: {milli}m, {whole}");
    assert_eq!(quantity.is_positive(), milli > 0, "{text}");
    for (resource, exact) in [("cpu", milli), ("memory", whole)] {
        if let Ok(amount) = amount(resource, text) {
            assert_eq!(i128::from(amount), exact, "{text} of {resource}");
            assert_eq!(amount.to_string().parse::<Quantity>().map(Quantity::whole), Ok(exact), "{text}");
        } else {
            assert!(text.starts_with('-') || i64::try_from(exact).is_err(), "{text} of {resource}");
        }
    }
}
