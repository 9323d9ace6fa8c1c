//! Free seats, and what a wallet does about its tickets: the session's wallet proves itself to the server, and nothing is
//! paid.

use serde_json::Value;

use crate::base::money::Usdc;
use crate::guest::again::{self, Again, Signed, Taker};
use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::held::SEAT;
use crate::guest::purchase::model::Origin;
use crate::guest::report::{self, Caller, Failed};
use crate::mcp::client::Connection;

/// What wallets do at our servers about their tickets.
const ABOUT_TICKETS: [&str; 4] =
    ["transferTicket", "joinWaitlist", "leaveWaitlist", "getWaitlistPlace"];
/// What our servers call a demand for a proof.
const PROOF_NEEDED: &str = "proof_needed";
const ASKED: &str =
    "Sign with your wallet, and the seat is yours. It is free, and nothing is paid.";
const CANNOT: &str =
    "this needs a wallet that signs a message, and this one does not; choose another wallet";

/// Whether the call is made again with a proof of the wallet. A free seat must have been shown as free: nobody proves a wallet
/// for something that they were told to pay for. About tickets, and for a seat that a promo code makes free, only a button of the page
/// is obeyed, and no sentence or model, and only at servers of this deployment.
pub(super) fn is_offered<W: GuestWorld>(
    cx: &Cx<W>,
    connection: &Connection,
    caller: Caller<'_>,
    (arguments, listed): (&Value, Option<Usdc>),
    refusal: &Value,
) -> bool {
    let error = refusal.get("structuredContent").and_then(|content| content.get("error"));
    let code = error.and_then(|error| error.get("code")).and_then(Value::as_str);
    let is_free_seat = caller.tool == SEAT && listed.is_some_and(Usdc::is_zero);
    let has_code = caller.tool == SEAT && arguments.get("promoCode").is_some();
    let is_of_page = (has_code || ABOUT_TICKETS.contains(&caller.tool))
        && *caller.origin == Origin::Call
        && cx.rules.is_own(&connection.url);
    code == Some(PROOF_NEEDED) && (is_free_seat || is_of_page)
}

/// Takes a free seat. A wallet in the browser is asked for its signature, and the result comes later.
pub(super) async fn take<W: GuestWorld>(
    cx: &Cx<W>,
    connection: &mut Connection,
    call: (&str, &Value),
    refusal: &Value,
    caller: Caller<'_>,
) -> Result<(), Trouble> {
    let in_chat = *caller.origin == Origin::Chat;
    let taker = Taker { call_id: caller.call_id.clone(), in_chat };
    let again = again::prove(cx, connection, call, refusal, Some(taker)).await?;
    tell(cx, caller, again);
    Ok(())
}

/// A wallet in the browser has signed for a free seat.
pub(super) fn signed<W: GuestWorld>(cx: &Cx<W>, signed: Signed) -> Result<(), Trouble> {
    let Signed { tool, taker, again } = signed;
    if let Some(taker) = taker {
        tell(cx, caller(&tool, &taker), again);
    }
    Ok(())
}

/// A wallet in the browser has declined to sign; `taker` waits for a free seat.
pub(super) fn declined<W: GuestWorld>(cx: &Cx<W>, tool: &str, taker: Option<&Taker>) {
    let Some(taker) = taker else {
        cx.say("All right. Without a signature I cannot show it again; nothing was charged.");
        return;
    };
    let text = "you declined to sign, so nothing was done";
    let failed = Failed { code: "declined", text, money_moved: "no" };
    report::failed(cx, caller(tool, taker), &failed);
}

const fn caller<'a>(tool: &'a str, taker: &'a Taker) -> Caller<'a> {
    let origin = if taker.in_chat { &Origin::Chat } else { &Origin::Call };
    Caller { tool, call_id: &taker.call_id, origin }
}

fn tell<W: GuestWorld>(cx: &Cx<W>, caller: Caller<'_>, again: Again) {
    match again {
        Again::Read(result) => report::done(cx, caller, result),
        Again::Asked => match caller.origin {
            // The call goes on: its result follows the signature.
            Origin::Call => {}
            Origin::Chat => cx.say(ASKED),
            Origin::Model(_) => report::report(cx, caller, Err(ASKED)),
        },
        Again::NotShown(why) => {
            let text = why.as_deref().unwrap_or(CANNOT);
            let failed = Failed { code: "tool_error", text, money_moved: "no" };
            report::failed(cx, caller, &failed);
        }
    }
}
