//! Modules that say anything of themselves.

use crate::files;
use crate::guest::{Texts, shape, with_texts};
use crate::sandbox::holds;
use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::{Value, json};

/// Bytes of texts: what fits below the place of the settings.
const MAX_BYTES: usize = 40_000;

/// Answers to `sched_manifest`, `sched_configure` and `sched_setup`, with a line of three dashes between them, are refused
/// with what is wrong, or taken and decided with. The same for a manifest and asks that are made of the bytes.
pub fn manifest(bytes: &[u8]) {
    let bytes = bytes.get(..MAX_BYTES).unwrap_or(bytes);
    let [manifest, configured, set_up] = files(bytes);
    says(&Texts { manifest, configured, set_up });
    if let Ok((manifest, configured)) = asks(&mut Unstructured::new(bytes)) {
        let (manifest, configured) = (json!({"Ok": manifest}).to_string(), json!({"Ok": configured}).to_string());
        let texts =
            Texts { manifest: manifest.as_bytes(), configured: configured.as_bytes(), set_up: b"{\"Ok\":null}" };
        says(&texts);
    }
}

fn says(texts: &Texts<'_>) {
    if let Some(bytes) = with_texts(shape(), texts) {
        holds(&bytes, "");
    }
}

/// A manifest that is nearly right, and what a policy of it asks for.
fn asks(source: &mut Unstructured<'_>) -> Result<(Value, Value)> {
    let reason = |source: &mut Unstructured<'_>| {
        let arg = *source.choose(&["none", "mark", "requestedResource"])?;
        Ok(json!({"text": text(source)?, "arg": arg}))
    };
    let manifest = json!({
        "name": text(source)?,
        "filters": bool::arbitrary(source)?,
        "scores": bool::arbitrary(source)?,
        "podFields": u64::arbitrary(source)? & 0x3f,
        "columns": u64::arbitrary(source)? & 0x7fff,
        "locality": source.choose(&["rowLocal", "crossRow"])?,
        "normalize": source.choose(&["none", "max", "maxReversed", "minMaxReversed"])?,
        "reasons": list(source, reason)?,
        "protective": bool::arbitrary(source)?,
        "monotone": true,
        "prefersRoom": false,
    });
    let configured = json!({"manifest": manifest, "asks": list(source, ask)?, "reasons": list(source, text)?});
    Ok((manifest, configured))
}

fn ask(source: &mut Unstructured<'_>) -> Result<Value> {
    let usage = |source: &mut Unstructured<'_>| {
        Ok(
            json!({"resource": number(source)? & 0xffff, "meanMs": number(source)?, "maxMs": number(source)?, "refreshMs": number(source)?}),
        )
    };
    Ok(match source.int_in_range(0..=12_u8)? {
        0 => json!({"resource": text(source)?}),
        1 => json!({"derive": {"heat": {"mode": source.choose(&["share", "count"])?, "halfLifeMs": number(source)?}}}),
        2 => json!({"derive": {"recentBinds": {"windowMs": number(source)?}}}),
        3 => json!({"derive": {"bindsSeen": {"windowMs": number(source)?, "refreshMs": number(source)?}}}),
        4 => json!({"derive": {"forecastCpu": {"fromMin": number(source)? as u32, "toMin": number(source)? as u32}}}),
        5 => json!({"derive": {"usageOver": usage(source)?}}),
        6 => json!({"derive": {"usageOverAt": usage(source)?}}),
        7 => json!({"derive": {"unmeasured": {"rule": rule(source)?, "resource": number(source)? & 0xffff,
            "windowMs": number(source)?, "ownWindow": bool::arbitrary(source)?, "minusMeasured": bool::arbitrary(source)?}}}),
        8 => json!({"derive": {"expectedOverload": curve(source)?}}),
        9 => json!({"estimate": rule(source)?}),
        10 => json!({"aggregate": {"overloadBand": curve(source)?}}),
        11 => json!({"nodes": {"nodeSelectorTerms": list(source, term)?}}),
        _ => json!({"pods": {"matchLabels": {text(source)?.as_str().unwrap_or("a"): text(source)?}}}),
    })
}

fn rule(source: &mut Unstructured<'_>) -> Result<Value> {
    if bool::arbitrary(source)? {
        return Ok(
            json!({"eachContainer": {"factorBits": u64::arbitrary(source)?, "absentMilli": number(source)? as u32}}),
        );
    }
    let percent = u16::arbitrary(source)?;
    Ok(json!({"podTotal": {"percent": [percent, null], "absent": [number(source)? as u32, number(source)? as u32]}}))
}

fn curve(source: &mut Unstructured<'_>) -> Result<Value> {
    let [water, decay]: [u8; 2] = Arbitrary::arbitrary(source)?;
    let [caution, floor]: [u16; 2] = Arbitrary::arbitrary(source)?;
    Ok(
        json!({"waterLevelPercent": water, "hourDecayPercent": decay, "cautionPercent": caution, "floorPermille": floor}),
    )
}

fn term(source: &mut Unstructured<'_>) -> Result<Value> {
    let operator = *source.choose(&["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"])?;
    Ok(json!({"matchExpressions": [{"key": text(source)?, "operator": operator, "values": list(source, text)?}]}))
}

fn number(source: &mut Unstructured<'_>) -> Result<u64> {
    let ends = [0, 1, 59, 60, 1_000, 15_000, u64::from(u32::MAX), 1 << 53, u64::MAX];
    if bool::arbitrary(source)? { Ok(*source.choose(&ends)?) } else { u16::arbitrary(source).map(u64::from) }
}

fn text(source: &mut Unstructured<'_>) -> Result<Value> {
    Ok(json!(source.choose(&["zone", "z1", "cpu", "Policy", "NodeResourcesFit", "{}", "", "a\nb", "\u{0}", "1"])?))
}

/// Up to seven.
fn list(source: &mut Unstructured<'_>, one: impl Fn(&mut Unstructured<'_>) -> Result<Value>) -> Result<Vec<Value>> {
    let length = source.int_in_range(0..=7_u8)?;
    (0..length).map(|_| one(source)).collect()
}
