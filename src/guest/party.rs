//! Several seats in one purchase, if the server sells them so.

use serde_json::Value;

use crate::base::money::Usdc;
use crate::guest::held::SEAT;
use crate::mcp::client::ServerTool;

/// The argument that says how many seats are bought.
const SEATS: &str = "seats";
/// Seats of one purchase that a listed price is multiplied by at the most.
const COUNT_MAX: u32 = 10;

/// Why a wish for several seats is not carried out.
pub(super) enum NotSeveral {
    /// The server sells one seat to a wallet.
    OneEach,
    /// One purchase has at most so many seats.
    TooMany(u32),
    /// The words do not say how many.
    NoNumber,
}

/// How many seats are bought for this wish.
///
/// # Errors
///
/// [`NotSeveral`] says why none are.
pub(super) fn wanted(tools: &[ServerTool], seats: Option<u32>) -> Result<u32, NotSeveral> {
    let tool = tools.iter().find(|tool| tool.name == SEAT);
    let max = tool.and_then(most_seats).ok_or(NotSeveral::OneEach)?;
    match seats {
        Some(seats) if seats <= max => Ok(seats),
        Some(_) => Err(NotSeveral::TooMany(max)),
        None => Err(NotSeveral::NoNumber),
    }
}

/// How many seats one purchase may have; `None` if the tool sells one only.
fn most_seats(tool: &ServerTool) -> Option<u32> {
    let seats = tool.input_schema.get("properties")?.get(SEATS)?;
    let max = seats.get("maximum").and_then(Value::as_u64);
    let max = max.map_or(Some(COUNT_MAX), |max| u32::try_from(max).ok())?;
    (max > 1).then_some(max.min(COUNT_MAX))
}

/// How many seats a call of the tool that sells them asks for.
pub(super) fn count(tool: &str, arguments: &Value) -> u32 {
    let seats = arguments.get(SEATS).and_then(Value::as_u64).filter(|_| tool == SEAT);
    let seats = seats.and_then(|seats| u32::try_from(seats).ok());
    seats.filter(|seats| (1..=COUNT_MAX).contains(seats)).unwrap_or(1)
}

/// Why it is not bought for at most `max_price`; `None` if it may be. `price`: of all seats together.
pub(super) fn too_dear(price: Option<Usdc>, max_price: Option<Usdc>) -> Option<String> {
    match (price, max_price) {
        (Some(price), Some(max)) if price > max => {
            Some(format!("It costs ${price}, which is more than ${max}. I did not book it."))
        }
        (None, Some(_)) => Some(
            "I do not know what it costs, so I did not book it. Say \"list events\" first."
                .to_owned(),
        ),
        (_, _) => None,
    }
}
