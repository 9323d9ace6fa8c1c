//! What can happen to a purchase, and what can be done about it.

use alloy_primitives::Bytes;
use serde_json::Value;

use crate::base::money::Usdc;
use crate::base::time::UnixSeconds;
use crate::chain::eip3009::Authorization;
use crate::guest::purchase::model::Purchase;
use crate::rails::x402::payer::Settlement;
use crate::wallets::policy::Verdict;

/// What a step has to know besides the purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    pub now: UnixSeconds,
    /// Whether the session has an owner. The budget of an owner is asked before the signature is made, that of a
    /// wallet of nobody when it has signed: nobody uses up the budget of a wallet by naming it.
    pub is_owned: bool,
}

/// What is known when a challenge comes.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Whether exactly this call is paid for already and not over.
    pub is_under_way: bool,
    /// Whether too much of the session is open.
    pub is_full: bool,
    /// What the policy says.
    pub verdict: Verdict,
    /// What the wallet has bought here already, in words.
    pub had: Option<String>,
}

/// Why something is not paid: a stable code, and words for the person.
pub type NotPaid = (&'static str, String);

/// Something that happened to a purchase.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The person says yes.
    Confirmed,
    /// The policy was asked again after a yes: other payments may have used up the limits.
    Judged(Verdict),
    /// The person says no.
    Declined,
    /// The session's wallet was compared with the one that was to pay.
    WalletFound(Result<Signer, NotPaid>),
    /// The wallet's balance was read; `None` if it is not known.
    BalanceRead(Signer, Option<Usdc>),
    /// Whether the owner is signed in at this moment, or what to say.
    SignInChecked(Signer, Result<(), String>),
    /// The budget was asked.
    BudgetAsked(Grant, Result<(), NotPaid>),
    /// What is to be signed was made.
    Fixed(Signer, Authorization),
    /// One of our own wallets has signed, or has not.
    SignatureMade(Result<Bytes, String>),
    /// A signature has come over a socket, hex.
    SignatureReceived(String),
    /// It was compared with the authorization and the wallet.
    SignatureChecked(Result<Bytes, String>),
    /// The server was asked for the result with the payment.
    Answered(Reply, Round),
    /// A result that is too long to be kept was told to the sockets; whether there was one.
    ShownNow(Delivery, bool),
    /// The chain was asked for the transaction that the server names.
    ReceiptRead(String, bool),
    /// The alarm looks after the purchase.
    Due,
    /// The chain was asked about the authorization.
    ChainRead(ChainView),
}

/// What is to be done, in this order. The row is written before.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Tell people of a step: its kind and words.
    Log(&'static str, String),
    /// Answer the message with this.
    Reject(String),
    /// Tell the caller that there is no result.
    Fail {
        /// A stable code, for programs.
        code: &'static str,
        /// The reason, as a text for the user.
        text: String,
        /// `no`, `unknown` or `yes`.
        money_moved: &'static str,
    },
    /// Write into our own log that the caller has no result yet.
    Warn(&'static str),
    /// Ask the person whether to pay: why, and what the wallet has bought already.
    AskPerson(String, Option<String>),
    /// Show the policy and what is spent.
    ShowPolicy,
    /// Show that the chain has the payment.
    ShowReceipt(String),
    /// Show the payments of the session.
    ShowHistory,
    /// Show the wallet as the chain has it; a first payment may have brought it there.
    ShowWallet,
    /// Ask the policy again: [`Event::Judged`].
    Judge,
    /// Find the wallet that signs: [`Event::WalletFound`].
    FindWallet,
    /// Read its balance: [`Event::BalanceRead`].
    ReadBalance(Signer),
    /// Check the owner's sign-in: [`Event::SignInChecked`].
    CheckSignIn(Signer),
    /// Ask the budget to count it: [`Event::BudgetAsked`].
    AskBudget(Grant),
    /// Tell the budget that it does not count.
    ReleaseBudget,
    /// Make what is to be signed: [`Event::Fixed`].
    Fix(Signer),
    /// Sign with our own wallet: [`Event::SignatureMade`].
    Sign,
    /// Ask the browser's wallet to sign: [`Event::SignatureReceived`].
    RequestSignature,
    /// Check a signature: [`Event::SignatureChecked`].
    CheckSignature(String),
    /// Ask the server for the result with the payment, the same each time: [`Event::Answered`].
    Send(Round),
    /// Tell a result that is too long to be kept to the sockets: [`Event::ShownNow`].
    ShowNow(Delivery),
    /// Keep the result, in the same transaction as the row.
    Keep(Value),
    /// Read the receipt of the transaction that the server names: [`Event::ReceiptRead`].
    ReadReceipt(String),
    /// Tell the kept result to the sockets.
    HandOver,
    /// Report the result to the caller.
    Report(Value),
    /// Ask the chain about the authorization: [`Event::ChainRead`].
    ReadChain,
}

/// The wallet that signs the authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// One in a browser: it is asked over the sockets.
    Browser,
    /// One of ours, which needs no browser.
    Ours,
}

/// What follows when the budget says yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// The authorization is made.
    Fix(Signer),
    /// The signature that has come is sent.
    Send(Bytes),
}

/// One request with the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Right after the signing: waits for the server's turn after a pause; so many retries are left.
    First {
        /// Wait before the request, milliseconds.
        pause: u32,
        /// Retries that are left after it.
        retries: u32,
    },
    /// By the alarm: not if a payment is with the server at the moment.
    Later,
}

/// What a server answers to a call that is paid for.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The result of the tool.
    Result(Delivery),
    /// The tool was asked and says no: a code, and its words.
    Refused(&'static str, String),
    /// It could not be asked, or gave no answer that counts. This says nothing of the payment.
    None(String),
}

/// The result of a paid call.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// What the server says of the money.
    pub settlement: Option<Settlement>,
    /// The tool's result, as it came.
    pub result: Value,
    /// The URL of the ticket in it.
    pub ticket: Option<String>,
    /// Whether it is short enough to be kept.
    pub fits: bool,
}

/// What the chain shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainView {
    /// The time of a block that is not newer than what `fate` was read from.
    pub head: UnixSeconds,
    /// What became of the authorization.
    pub fate: Fate,
}

/// What became of an authorization on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The token has not seen it used.
    Unused,
    /// It moved its money, in this transaction.
    Moved(String),
    /// It was cancelled, or its nonce was used otherwise.
    Elsewhere,
    /// The chain does not say.
    Unclear,
}

impl Context {
    /// Whether the budget may count the purchase: that of an owner was asked before the signature was made, that of a
    /// wallet of nobody when it had signed.
    pub(super) fn release(self, purchase: &Purchase) -> Option<Effect> {
        (self.is_owned || purchase.signature.is_some()).then_some(Effect::ReleaseBudget)
    }
}

impl Effect {
    pub(super) fn fail(code: &'static str, text: &str, money_moved: &'static str) -> Self {
        Self::Fail { code, text: text.to_owned(), money_moved }
    }

    /// The answer to a message about a purchase that does not wait for it.
    #[must_use]
    pub fn nothing_waits() -> Self {
        Self::Reject("no such payment waits (any more)".to_owned())
    }
}
