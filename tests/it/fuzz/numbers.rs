//! What is written comes back as it was: money, moments, zones, ids, cursors.

use alloy_primitives::hex;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events_concierge::base::id::{EventId, PaymentId, RequestId, RsvpId, ScopeId, TicketCode};
use events_concierge::base::money::{MoneyError, Usdc};
use events_concierge::base::time::{TimeError, UnixSeconds, ZoneName};
use events_concierge::identity::UserId;
use events_concierge::ports::paging::Page;
use events_concierge::products::events::store::BY_START;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::bytes::{slipped_text, slips, some_slips};
use super::input::{number, other_digit, text};
use super::{Verdict, fuzz};

/// Dollars by plain arithmetic, digit by digit.
fn atomic_of(text: &str) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) || fraction.len() > 6 || whole.len() > 16 {
        return None;
    }
    format!("{whole}{fraction:0<6}").parse().ok()
}

fn check_dollars(text: &str) -> Verdict {
    let read = Usdc::from_dollars(text);
    match atomic_of(text).filter(|atomic| *atomic <= u128::from(Usdc::MAX.atomic())) {
        Some(atomic) => prop_assert_eq!(read.map(|usdc| u128::from(usdc.atomic())), Ok(atomic)),
        None => prop_assert!(read.is_err(), "{text}: {read:?}"),
    }
    Ok(())
}

#[test]
fn money_is_written_and_read_without_loss() {
    let inputs = || {
        let written = prop_oneof![
            2 => number(),
            1 => text(),
            2 => "[0-9]{0,11}\\.?[0-9]{0,8}",
            2 => (any::<u64>(), some_slips()).prop_map(|(atomic, slips)| {
                let usdc = Usdc::from_atomic(atomic % 9_007_199_254_740_992).unwrap();
                slipped_text(&usdc.to_string(), &slips)
            }),
        ];
        let atomic = prop_oneof![
            any::<u64>(),
            0..10_000_000_u64,
            9_007_199_254_740_980..9_007_199_254_741_000_u64
        ];
        (written, atomic)
    };
    fuzz("numbers: money", inputs, |(written, atomic)| {
        check_dollars(&written)?;
        let Ok(usdc) = Usdc::from_atomic(atomic) else {
            prop_assert!(atomic > Usdc::MAX.atomic());
            return Ok(());
        };
        prop_assert_eq!(Usdc::from_dollars(&usdc.to_string()), Ok(usdc));
        let json = serde_json::to_string(&usdc).unwrap();
        prop_assert_eq!(serde_json::from_str::<Usdc>(&json).ok(), Some(usdc));
        prop_assert_eq!(Usdc::from_dollars("-0.01"), Err(MoneyError::NotDecimal));
        Ok(())
    });
}

/// 9999-12-30T22:00:00Z
const LAST: i64 = 253_402_207_200;

fn check_moment(written: &str) -> Verdict {
    match UnixSeconds::from_rfc3339(written) {
        Ok(moment) => {
            prop_assert!((0..=LAST).contains(&moment.get()), "{written}");
            prop_assert_eq!(UnixSeconds::from_rfc3339(&moment.to_string()), Ok(moment));
        }
        Err(error) => prop_assert_ne!(error, TimeError::UnknownZone),
    }
    Ok(())
}

/// Every form in which a moment is shown is short and has its own form.
fn check_shown(moment: UnixSeconds, zone: &ZoneName) -> Verdict {
    prop_assert!(moment.to_words(zone).len() <= 64);
    let day = moment.to_day();
    prop_assert!(day.len() == 10 && day.bytes().all(|b| b.is_ascii_digit() || b == b'-'), "{day}");
    let ics = moment.to_ics();
    prop_assert!(ics.len() == 16 && ics.ends_with('Z') && ics.is_ascii(), "{ics}");
    Ok(())
}

#[test]
fn moments_and_zones_come_back_as_they_were() {
    let inputs = || {
        let offset = select(&["Z", "z", "+01:00", "-23:59", "+24:00", "", "-00:00", "[UTC]"][..]);
        let digit = option::weighted(0.5, (0..14_usize, 1..10_u8));
        let moment = prop_oneof![0..=LAST, Just(0), Just(LAST)];
        let near = (moment, offset, digit, slips()).prop_map(|(seconds, offset, digit, slips)| {
            let text = UnixSeconds::new(seconds).to_string();
            let (place, by) = digit.unwrap_or_default();
            let text = other_digit(&text, place, by).replace('Z', offset);
            slipped_text(&text, &slips)
        });
        let written = prop_oneof![
            3 => near,
            2 => "[0-9+-]{4,7}-[0-9]{1,2}-[0-9]{1,2}[Tt _][0-9:.,]{0,12}(Z|[+-][0-9:]{0,8})?",
            1 => text(),
        ];
        let zones = &["Europe/Berlin", "UTC", "america/new_york", "Etc/GMT+12", "Pacific/Apia"][..];
        let zone = prop_oneof![
            (select(zones), some_slips()).prop_map(|(zone, slips)| slipped_text(zone, &slips)),
            select(zones).prop_map(str::to_owned),
            text(),
        ];
        let seconds = prop_oneof![any::<i64>(), 0..=LAST, LAST - 5..LAST + 5, -5..5_i64];
        (written, zone, seconds)
    };
    fuzz("numbers: moments and zones", inputs, |(written, zone, seconds)| {
        check_moment(&written)?;
        let moment = UnixSeconds::new(seconds);
        if (0..=LAST).contains(&seconds) {
            prop_assert_eq!(UnixSeconds::from_rfc3339(&moment.to_string()), Ok(moment));
        }
        let millis = UnixSeconds::from_millis(seconds.saturating_mul(1_000));
        prop_assert_eq!(millis.is_ok(), (0..=LAST).contains(&seconds));
        if let Ok(moment) = UnixSeconds::from_millis(seconds) {
            prop_assert_eq!(moment.get(), seconds.div_euclid(1_000));
        }
        let zone = ZoneName::parse(&zone).unwrap_or(ZoneName::utc());
        prop_assert_eq!(ZoneName::parse(zone.as_str()), Ok(zone.clone()));
        check_shown(moment, &zone)
    });
}

/// An id is taken only in the one form that it is written in.
fn check_ids(text: &str) -> Verdict {
    let lower_hex = |text: &str, digits: usize| {
        text.len() == digits && !text.contains(|c: char| !matches!(c, '0'..='9' | 'a'..='f'))
    };
    let prefixed = |prefix| text.strip_prefix(prefix).is_some_and(|rest| lower_hex(rest, 24));
    prop_assert_eq!(EventId::parse(text).is_ok(), prefixed("evt_"));
    prop_assert_eq!(RsvpId::parse(text).is_ok(), prefixed("rsv_"));
    prop_assert_eq!(PaymentId::parse(text).is_ok(), prefixed("pay_"));
    prop_assert_eq!(RequestId::parse(text).is_ok(), prefixed("req_"));
    prop_assert_eq!(ScopeId::parse(text).is_ok(), lower_hex(text, 32));
    if let Ok(event) = EventId::parse(text) {
        prop_assert_eq!(event.to_string(), text);
    }
    if let Ok(code) = TicketCode::parse(text) {
        prop_assert_eq!(code.as_str(), text);
        prop_assert_eq!(code.scope().to_string(), &text[..32]);
    }
    if let Ok(user) = UserId::parse(text) {
        prop_assert_eq!(UserId::parse(user.as_str()), Ok(user.clone()));
        let again = user.wallet().map(|wallet| match user.contract_chain() {
            Some(chain_id) => UserId::from_contract(chain_id, wallet),
            None => UserId::from_wallet(wallet),
        });
        prop_assert_eq!(again.unwrap_or(user.clone()), user);
    }
    match Page::read(&BY_START, None, Some(text), UnixSeconds::new(5)) {
        Ok(page) => prop_assert!(page.began() <= UnixSeconds::new(5)),
        Err(error) => prop_assert_eq!(error.field, "cursor"),
    }
    Ok(())
}

#[test]
fn ids_and_cursors_have_one_form() {
    let inputs = || {
        let prefix = select(&["evt_", "rsv_", "pay_", "req_", "", "0x", "ada@"][..]);
        let size = select(&[1_usize, 2, 3, 11, 12, 13, 16, 20][..]);
        let good = (prefix, any::<[u8; 20]>(), size, any::<u64>(), number()).prop_map(
            |(prefix, bytes, size, place, number)| match size {
                1 => URL_SAFE_NO_PAD.encode(format!("[\"events\",1,[{place},\"evt_\"]]")),
                2 => URL_SAFE_NO_PAD.encode(format!("[\"events\",{number},[{number},\"\"]]")),
                3 => format!("{}-{}", hex::encode(&bytes[..16]), hex::encode(&bytes[..12])),
                size => format!("{prefix}{}", hex::encode(&bytes[..size])),
            },
        );
        let near = (good, some_slips(), 0..5_u8).prop_map(|(good, slips, how)| match how {
            0 | 1 => good,
            2 => good.to_uppercase(),
            _ => slipped_text(&good, &slips),
        });
        prop_oneof![4 => near, 1 => text()]
    };
    fuzz("numbers: ids and cursors", inputs, |text| check_ids(&text));
}
