//! Reads again what a wallet has bought, without paying: the wallet proves itself to the server (`SIGN-IN-WITH-X`). A
//! wallet that this deployment keeps signs at once, one in a browser is asked.

use alloy_primitives::{Address, eip191_hash_message};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::id::PurchaseId;
use crate::base::time::UnixSeconds;
use crate::base::web_address::Url;
use crate::guest::cx::{Cx, GuestWorld, Trouble};
use crate::guest::messages::Out;
use crate::guest::session::{ChatColumn, ChosenWallet};
use crate::guest::{connection, outside, owner, session, wallets};
use crate::identity::siwx::Unsigned;
use crate::mcp::client::{Client, Connection};
use crate::rails::x402::payer::{self, Answer};
use crate::rails::x402::wire::SIGN_IN_WITH_X;
use crate::wallets::Kind;

/// So long a server accepts what it has offered to sign, seconds.
const VALID_SECONDS: i64 = 300;

/// What came of it.
#[derive(Debug)]
pub(super) enum Again {
    /// The result of the tool.
    Read(Value),
    /// The wallet in the browser is asked to sign; the result comes later.
    Asked,
    /// The server shows nothing to this wallet; what it said, if it was asked.
    NotShown(Option<String>),
}

/// What a wallet in a browser is asked to sign.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Waiting {
    id: String,
    server: String,
    tool: String,
    arguments: Value,
    wallet: Address,
    unsigned: Unsigned,
    until: UnixSeconds,
    /// Who waits for the result, if it is something new and free.
    #[serde(default)]
    taker: Option<Taker>,
}

/// The caller of a tool that gives something for free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Taker {
    pub(super) call_id: Option<String>,
    pub(super) in_chat: bool,
}

/// What came of a signature.
pub(super) struct Signed {
    pub(super) tool: String,
    pub(super) taker: Option<Taker>,
    pub(super) again: Again,
}

/// Whether the session's wallet signs by itself.
pub(super) fn signs_itself<W: GuestWorld>(cx: &Cx<W>) -> Result<bool, Trouble> {
    let wallet = session::wallet(&cx.world)?;
    Ok(wallet.is_some_and(|wallet| wallet.kind == Kind::Smart))
}

/// Whether the session's wallet can sign no proof for a server: Crossmint's API signs typed data only.
pub(super) fn cannot_prove<W: GuestWorld>(cx: &Cx<W>) -> Result<bool, Trouble> {
    let wallet = session::wallet(&cx.world)?;
    Ok(wallet.is_some_and(|wallet| wallet.kind == Kind::Crossmint))
}

/// Reads again what the session's wallet has bought with this call. `refusal` is how the server answered the call
/// without a payment.
pub(super) async fn read<W: GuestWorld>(
    cx: &Cx<W>,
    connection: &mut Connection,
    call: (&str, &Value),
    refusal: &Value,
) -> Result<Again, Trouble> {
    prove(cx, connection, call, refusal, None).await
}

/// Makes the call again with a proof of the session's wallet. `taker`: who waits for the result, if it is new and free.
pub(super) async fn prove<W: GuestWorld>(
    cx: &Cx<W>,
    connection: &mut Connection,
    (tool, arguments): (&str, &Value),
    refusal: &Value,
    taker: Option<Taker>,
) -> Result<Again, Trouble> {
    let Some(wallet) = session::wallet(&cx.world)? else { return Ok(Again::NotShown(None)) };
    let Some(unsigned) = offered(cx, connection, &wallet, refusal) else {
        return Ok(Again::NotShown(None));
    };
    match wallet.kind {
        Kind::Smart => {
            owner::is_signed_in(cx).await?;
            let digest = eip191_hash_message(unsigned.message());
            let Ok(signature) = wallets::sign_digest(cx, &wallet, digest).await else {
                return Ok(Again::NotShown(None));
            };
            show(cx, connection, (tool, arguments), &unsigned.header(&signature.to_string())).await
        }
        Kind::Browser => {
            let id = PurchaseId::random(&cx.world).to_string();
            let message = unsigned.message();
            let waiting = Waiting {
                id: id.clone(),
                server: connection.url.clone(),
                tool: tool.to_owned(),
                arguments: arguments.clone(),
                wallet: wallet.address,
                unsigned,
                until: cx.world.now().plus(VALID_SECONDS),
                taker,
            };
            session::set_chat(&cx.world, ChatColumn::Proof, Some(&waiting))?;
            cx.tell(&Out::SignMessage {
                request_id: id,
                address: wallet.address.to_checksum(None),
                message,
            });
            Ok(Again::Asked)
        }
        // Its API signs typed data only.
        Kind::Crossmint => Ok(Again::NotShown(None)),
    }
}

/// A wallet in a browser has signed. `None`: this is no answer to a request of ours.
pub(super) async fn signed<W: GuestWorld>(
    cx: &Cx<W>,
    request_id: &str,
    signature: &str,
) -> Result<Option<Signed>, Trouble> {
    let Some(waiting) = take(cx, request_id)? else { return Ok(None) };
    let mut connection = connection::here(cx)?;
    if waiting.until <= cx.world.now() || connection.url != waiting.server {
        return Err(Trouble::Said(
            "that signature came too late; ask for the ticket again".to_owned(),
        ));
    }
    let header = waiting.unsigned.header(signature);
    let again = show(cx, &mut connection, (&waiting.tool, &waiting.arguments), &header).await?;
    Ok(Some(Signed { tool: waiting.tool, taker: waiting.taker, again }))
}

/// The wallet will not sign; what for, and who waits for it, if that was asked.
pub(super) fn declined<W: GuestWorld>(
    cx: &Cx<W>,
    request_id: &str,
) -> Result<Option<(String, Option<Taker>)>, Trouble> {
    Ok(take(cx, request_id)?.map(|waiting| (waiting.tool, waiting.taker)))
}

/// The request that waits for a wallet, for a socket that comes.
pub(super) fn waiting<W: GuestWorld>(cx: &Cx<W>) -> Result<Option<Out>, crate::ports::SqlError> {
    let waiting: Option<Waiting> = session::chat(&cx.world, ChatColumn::Proof)?;
    let waiting = waiting.filter(|waiting| waiting.until > cx.world.now());
    Ok(waiting.map(|Waiting { id, wallet, unsigned, .. }| Out::SignMessage {
        request_id: id,
        address: wallet.to_checksum(None),
        message: unsigned.message(),
    }))
}

fn take<W: GuestWorld>(cx: &Cx<W>, request_id: &str) -> Result<Option<Waiting>, Trouble> {
    let waiting: Option<Waiting> = session::chat(&cx.world, ChatColumn::Proof)?;
    let waiting = waiting.filter(|waiting| waiting.id == request_id);
    if waiting.is_some() {
        session::set_chat(&cx.world, ChatColumn::Proof, None::<&Waiting>)?;
    }
    Ok(waiting)
}

/// What the server offers to sign, for the wallet's network.
fn offered<W: GuestWorld>(
    cx: &Cx<W>,
    connection: &Connection,
    wallet: &ChosenWallet,
    refusal: &Value,
) -> Option<Unsigned> {
    let offer = refusal.get("structuredContent")?.get("extensions")?.get(SIGN_IN_WITH_X)?;
    let url = Url::parse(&connection.url)?;
    let mut networks = cx.config.networks.iter();
    networks.find_map(|network| Unsigned::of(offer, &url, wallet.address, network.caip2).ok())
}

async fn show<W: GuestWorld>(
    cx: &Cx<W>,
    connection: &mut Connection,
    (tool, arguments): (&str, &Value),
    header: &str,
) -> Result<Again, Trouble> {
    let outside = outside::outside(cx)?;
    let client = Client::new(&outside, &cx.rules);
    let outcome = client.read_again(connection, tool, arguments, header).await;
    connection::keep(cx, connection)?;
    Ok(match payer::read_answer(&outcome) {
        Answer::Done { .. } => Again::Read(outcome.unwrap_or_default()),
        Answer::Failed { text, .. } => Again::NotShown(Some(text)),
        Answer::Challenge(_) | Answer::Unknown { .. } => Again::NotShown(None),
    })
}
