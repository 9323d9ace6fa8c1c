//! Paying for a call: asked, checked against the policy, signed once, and then the same payment is sent
//! until it is known what became of it.

use alloy_primitives::{Address, Bytes};
use serde_json::Value;

use crate::chain::networks::Network;
use crate::chain::rpc::Rpc;
use crate::chain::transfers::Use;
use crate::guest::door::bounded;
use crate::guest::messages::Out;
use crate::guest::purchases::{self, Origin, Purchase, State};
use crate::guest::{Guest, GuestWorld, Trouble, store};
use crate::id::PurchaseId;
use crate::mcp::client::{Client, Connection};
use crate::money::Usdc;
use crate::ports::{Level, SqlError};
use crate::time::UnixSeconds;
use crate::wallet::Kind;
use crate::wallet::policy::{self, Verdict};
use crate::x402::payer::{self, Answer, Challenge, Offer, Settlement};

/// How often the same payment is sent before the alarm goes on with it.
const TRIES: u32 = 3;
/// The pause between two of them, milliseconds, doubled each time.
const PAUSE_MILLIS: u32 = 1_000;
/// How long the receipt on the chain is waited for.
const RECEIPT_LOOKS: u32 = 5;
/// When the alarm looks after a payment for the first time, seconds.
const LOOK_AFTER_SECONDS: i64 = 20;
/// A server-side signature takes no longer than this, seconds.
const SIGNING_SECONDS: i64 = 120;
/// How far the clock of a chain may be behind ours, seconds.
const CHAIN_LAG_SECONDS: i64 = 60;

/// What the chain says of a payment.
enum OnChain {
    /// It moved its money, in this transaction.
    Paid(&'static Network, String),
    /// It was not used and cannot be used any more.
    RanOut,
    /// Neither is sure.
    Unclear,
}

/// A call that is asked to be paid for.
pub(super) struct Asked<'a> {
    pub(super) connection: &'a Connection,
    pub(super) tool: &'a str,
    pub(super) arguments: Value,
    pub(super) call_id: Option<String>,
    pub(super) origin: Origin,
    /// The price that was shown before.
    pub(super) listed: Option<Usdc>,
    /// The challenge as it came.
    pub(super) raw: Value,
}

impl<W: GuestWorld> Guest<W> {
    /// A door asks for payment.
    pub(super) async fn challenged(
        &self,
        asked: Asked<'_>,
        challenge: &Challenge,
    ) -> Result<(), Trouble> {
        let Asked { connection, tool, arguments, call_id, origin, listed, raw } = asked;
        let offer = match payer::choose(challenge, &self.config.networks) {
            Ok(offer) => offer,
            Err(why) => {
                let text = format!("nothing that this door asks for can be paid: {why}");
                return self.failed(tool, &call_id, &origin, "no_offer", &text, "no").await;
            }
        };
        let Some(wallet) = store::wallet(&self.world)? else {
            let text = "choose a wallet first (use_wallet)";
            return self.failed(tool, &call_id, &origin, "no_wallet", text, "no").await;
        };
        // While the door was asked, the same call may have got here first.
        if let Some(text) = self.under_way(&connection.url, tool, &arguments)? {
            return self.failed(tool, &call_id, &origin, "already_under_way", &text, "no").await;
        }
        let mut purchase = Purchase {
            id: PurchaseId::random(&self.world),
            door: connection.url.clone(),
            tool: tool.to_owned(),
            arguments,
            call_id,
            origin,
            challenge: raw,
            amount: offer.amount,
            pay_to: offer.pay_to.to_checksum(None),
            network: offer.network.caip2.to_owned(),
            payer: wallet.address.to_checksum(None),
            state: State::Asked,
            authorization: None,
            signature: None,
            transaction: None,
            shown: false,
            attempts: 0,
            created_at: self.world.now(),
        };
        match self.judge(&purchase, offer.pay_to, listed)? {
            Verdict::Refuse(refused) => {
                purchase.state = State::Refused;
                let text = refused.to_string();
                purchases::add(&self.world, &purchase, &text)?;
                self.step("payment", format!("not paid: {text}"));
                self.fail(&purchase, refused.code(), &text, "no").await
            }
            Verdict::Ask(why) => {
                purchases::add(&self.world, &purchase, why)?;
                self.step(
                    "payment",
                    format!("{} asks for ${}", tool_of(&purchase), purchase.amount),
                );
                self.tell(&self.question(&purchase, why));
                self.asked_for(&purchase).await
            }
            Verdict::Pay => {
                purchase.state = State::Signing;
                let (id, why) = (&purchase.id, "within the policy");
                let now = self.world.now();
                let until = Some(now.plus(SIGNING_SECONDS));
                self.world.atomically(|| {
                    purchases::add(&self.world, &purchase, why)?;
                    purchases::set_state(&self.world, id, State::Signing, why, until, now)
                })?;
                self.step("payment", format!("paying ${} without asking", purchase.amount));
                self.sign(purchase.id).await
            }
        }
    }

    /// The question to the person.
    pub(super) fn question(&self, purchase: &Purchase, why: &str) -> Out {
        let requirements = self.offer_of(purchase).map_or(Value::Null, |offer| offer.raw);
        Out::PaymentRequired {
            confirmation_id: purchase.id.to_string(),
            requirements,
            tool: purchase.tool.clone(),
            arguments: purchase.arguments.clone(),
            mcp_url: purchase.door.clone(),
            amount_usd: purchase.amount.to_string(),
            pay_to: purchase.pay_to.clone(),
            network: purchase.network.clone(),
            why: why.to_owned(),
        }
    }

    /// The person says yes.
    pub(super) async fn confirm(&self, id: &PurchaseId) -> Result<(), Trouble> {
        let purchase = self.waiting(id, State::Asked)?;
        let pay_to: Address = purchase.pay_to.parse().unwrap_or_default();
        // Other payments may have used up the limits since the question.
        if let Verdict::Refuse(refused) = self.judge(&purchase, pay_to, None)? {
            let text = refused.to_string();
            let now = self.world.now();
            purchases::set_state(&self.world, id, State::Refused, &text, None, now)?;
            return self.fail(&purchase, refused.code(), &text, "no").await;
        }
        let until = Some(self.world.now().plus(SIGNING_SECONDS));
        let now = self.world.now();
        purchases::set_state(&self.world, id, State::Signing, "confirmed", until, now)?;
        self.sign(id.clone()).await
    }

    /// The person says no.
    pub(super) async fn decline(&self, id: &PurchaseId) -> Result<(), Trouble> {
        let purchase = purchases::find(&self.world, id)?;
        let open = |purchase: &Purchase| {
            purchase.state == State::Asked
                || (purchase.state == State::Signing && purchase.signature.is_none())
        };
        let purchase = purchase.filter(open).ok_or_else(nothing_waits)?;
        let now = self.world.now();
        purchases::set_state(&self.world, id, State::Declined, "declined", None, now)?;
        self.step("payment", "declined; nothing was signed");
        self.fail(&purchase, "declined", "the payment was declined; nothing was signed", "no").await
    }

    /// A signature has come from a wallet in a browser.
    pub(super) async fn signature(&self, id: &PurchaseId, hex: &str) -> Result<(), Trouble> {
        let purchase = self.waiting(id, State::Signing)?;
        let signature = self.check_signature(&purchase, hex).await?;
        // Another tab may have been faster while the chain was asked.
        self.waiting(id, State::Signing)?;
        self.signed(id, &signature).await
    }

    /// Fixes what is signed, and has the wallet sign it.
    async fn sign(&self, id: PurchaseId) -> Result<(), Trouble> {
        let Some(mut purchase) = purchases::find(&self.world, &id)? else { return Ok(()) };
        let offer = self.offer_of(&purchase);
        let (Some(offer), Some(wallet)) = (offer, store::wallet(&self.world)?) else {
            return self
                .give_up(&purchase, "no_offer", "the challenge cannot be read any more")
                .await;
        };
        let payer: Address = purchase.payer.parse().unwrap_or_default();
        if wallet.address != payer {
            let text = "the wallet was changed since; call the tool again";
            return self.give_up(&purchase, "wallet_changed", text).await;
        }
        let authorization = payer::authorize(&offer, payer, self.world.now(), &self.world);
        purchases::set_authorization(&self.world, &id, &authorization)?;
        purchase.authorization = Some(authorization.clone());
        if wallet.kind == Kind::Browser {
            self.step("payment", "waiting for the wallet's signature");
            if let Some(request) = self.sign_request(&purchase) {
                self.tell(&request);
            }
            return Ok(());
        }
        match self.sign_ourselves(&wallet, &offer, &authorization).await {
            Ok(signature) => self.signed(&id, &signature).await,
            Err(why) => {
                let text = format!("the wallet did not sign: {why}");
                self.give_up(&purchase, "not_signed", &text).await
            }
        }
    }

    /// What a wallet in a browser is asked.
    pub(super) fn sign_request(&self, purchase: &Purchase) -> Option<Out> {
        let authorization = purchase.authorization.as_ref()?;
        let offer = self.offer_of(purchase)?;
        Some(Out::SignRequest {
            request_id: purchase.id.to_string(),
            address: purchase.payer.clone(),
            typed_data: payer::typed_data(&offer, authorization),
        })
    }

    async fn signed(&self, id: &PurchaseId, signature: &Bytes) -> Result<(), Trouble> {
        let now = self.world.now();
        let next = Some(now.plus(LOOK_AFTER_SECONDS));
        // Declined while the wallet was signing: the signature never leaves.
        if self.waiting(id, State::Signing).is_err() {
            return Ok(());
        }
        self.world.atomically(|| {
            purchases::set_signature(&self.world, id, signature)?;
            purchases::set_state(&self.world, id, State::Paying, "signed", next, now)
        })?;
        self.step("payment", "signed; the payment goes to the door");
        self.tell(&self.policy_message()?);
        self.deliver(id, TRIES).await
    }

    /// Sends the payment, the same each time, until the door says something that counts.
    async fn deliver(&self, id: &PurchaseId, tries: u32) -> Result<(), Trouble> {
        let mut pause = PAUSE_MILLIS;
        for last in (0..tries).rev() {
            let Some(purchase) = purchases::find(&self.world, id)? else { return Ok(()) };
            if !matches!(purchase.state, State::Paying | State::Unknown) {
                return Ok(());
            }
            let Some((offer, payment)) = self.payment_of(&purchase) else { return Ok(()) };
            let mut connection = self.connection_to(&purchase.door)?;
            let meta = payer::for_meta(&offer, &payment);
            let (tool, arguments) = (&purchase.tool, &purchase.arguments);
            let outside = self.outside()?;
            let client = Client::new(&outside, &self.rules);
            let outcome = client.call_tool(&mut connection, tool, arguments, Some(&meta)).await;
            self.keep(&connection)?;
            match payer::read_answer(&outcome) {
                Answer::Done { settlement } => {
                    let result = outcome.unwrap_or_default();
                    return self.delivered(&purchase, &offer, settlement, result).await;
                }
                Answer::Challenge(_) => {
                    let text = "the door asks for a second payment for the same call; it gets none. The one that was signed may still move its money";
                    return self.stays_unknown(&purchase, "asked_twice", text).await;
                }
                Answer::Failed { text, .. } => {
                    let text = format!(
                        "{text} (the signed payment may still move its money until it runs out)"
                    );
                    return self.stays_unknown(&purchase, "tool_error", &text).await;
                }
                Answer::Unknown { text, .. } if last == 0 => {
                    return self.stays_unknown(&purchase, "unknown", &text).await;
                }
                Answer::Unknown { text, .. } => {
                    self.step("payment", format!("not known yet, the same payment again: {text}"));
                    self.world.sleep(pause).await;
                    pause = pause.saturating_mul(2);
                }
            }
        }
        Ok(())
    }

    /// The door has delivered. What it says of the money is compared with what was signed, and with the
    /// chain where that can be asked, before "paid" is said.
    async fn delivered(
        &self,
        purchase: &Purchase,
        offer: &Offer,
        settlement: Option<Settlement>,
        result: Value,
    ) -> Result<(), Trouble> {
        let now = self.world.now();
        let id = &purchase.id;
        let transaction = settlement.as_ref().and_then(|one| is_ours(one, purchase));
        let Some(transaction) = transaction else {
            let text = "the door delivered, but names no payment of this wallet; the payment is looked for on the chain";
            let next = Some(now.plus(LOOK_AFTER_SECONDS));
            purchases::set_state(&self.world, id, State::Unknown, text, next, now)?;
            self.step("payment", text);
            return self.show(purchase, result).await;
        };
        let is_confirmed = match self.rpc_of(&purchase.network) {
            Some(rpc) => self.confirm_on_chain(&rpc, purchase, offer, &transaction).await,
            // Nobody can be asked, so the door's word is all there is.
            None => true,
        };
        if is_confirmed {
            self.paid(purchase, offer.network, &transaction).await?;
        } else {
            let text = "the door says that it was paid, and the chain does not yet; the payment is looked after";
            let next = Some(now.plus(LOOK_AFTER_SECONDS));
            purchases::set_state(&self.world, id, State::Unknown, text, next, now)?;
            self.step("error", text);
        }
        self.show(purchase, result).await
    }

    /// The result, once.
    async fn show(&self, purchase: &Purchase, result: Value) -> Result<(), Trouble> {
        if purchase.shown {
            return Ok(());
        }
        purchases::set_shown(&self.world, &purchase.id)?;
        self.done(&purchase.tool, &purchase.call_id, &purchase.origin, result).await
    }

    async fn paid(
        &self,
        purchase: &Purchase,
        network: &Network,
        transaction: &str,
    ) -> Result<(), Trouble> {
        let now = self.world.now();
        self.world.atomically(|| {
            purchases::set_transaction(&self.world, &purchase.id, transaction)?;
            purchases::set_state(&self.world, &purchase.id, State::Paid, "paid", None, now)
        })?;
        self.step("payment", format!("paid ${}", purchase.amount));
        self.tell(&Out::PaymentReceipt {
            tx_hash: transaction.to_owned(),
            network: purchase.network.clone(),
            payer: purchase.payer.clone(),
            pay_to: purchase.pay_to.clone(),
            amount: purchase.amount.atomic().to_string(),
            amount_usd: purchase.amount.to_string(),
            explorer_url: network.transaction_url(transaction),
            confirmed: self.rpc_of(&purchase.network).is_some(),
            tool: purchase.tool.clone(),
        });
        self.tell(&self.history_message()?);
        self.look_at_wallet().await
    }

    /// The alarm looks after a purchase that is not over.
    pub(super) async fn look_after(&self, purchase: Purchase) -> Result<(), SqlError> {
        let now = self.world.now();
        let id = &purchase.id;
        if purchase.state == State::Signing {
            // A server-side wallet was asked and we died; nothing has left.
            let text = "interrupted before it was signed; call the tool again";
            purchases::set_state(&self.world, id, State::Failed, text, None, now)?;
            self.step("payment", text);
            return said(self.fail(&purchase, "not_signed", text, "no").await);
        }
        purchases::count_attempt(&self.world, id)?;
        let wait = LOOK_AFTER_SECONDS.saturating_mul(i64::from(purchase.attempts.min(14)) + 1);
        let next = Some(now.plus(wait));
        purchases::set_state(&self.world, id, purchase.state, "looked after", next, now)?;
        let done = match self.ask_chain(&purchase).await {
            OnChain::RanOut => {
                let text = "the payment ran out unused; no money moved";
                purchases::set_state(&self.world, id, State::Failed, text, None, now)?;
                self.step("payment", text);
                self.tell(&self.history_message()?);
                // Whoever was told that it is unknown reads this in the history.
                let was_told = purchase.state == State::Unknown;
                if was_told { Ok(()) } else { self.fail(&purchase, "ran_out", text, "no").await }
            }
            // The door may have the result yet; the money is gone either way.
            OnChain::Paid(network, hash) => match self.deliver(id, 1).await {
                Ok(()) if self.is_paid(id)? => Ok(()),
                Ok(()) | Err(Trouble::Said(_)) => self.paid(&purchase, network, &hash).await,
                Err(trouble) => Err(trouble),
            },
            OnChain::Unclear => self.deliver(id, 1).await,
        };
        said(done)
    }

    fn judge(
        &self,
        purchase: &Purchase,
        pay_to: Address,
        listed: Option<Usdc>,
    ) -> Result<Verdict, SqlError> {
        let policy = store::policy(&self.world)?;
        let spent = purchases::spent(&self.world, self.world.now())?;
        let wanted = policy::Purchase {
            door: &purchase.door,
            tool: &purchase.tool,
            amount: purchase.amount,
            pay_to,
            listed,
        };
        Ok(policy::judge(&policy, &wanted, spent))
    }

    /// The offer that was chosen of a challenge; the same each time.
    pub(super) fn offer_of(&self, purchase: &Purchase) -> Option<Offer> {
        let outcome = Ok(purchase.challenge.clone());
        let Answer::Challenge(challenge) = payer::read_answer(&outcome) else { return None };
        let offer = payer::choose(&challenge, &self.config.networks).ok()?;
        let is_same = offer.amount == purchase.amount
            && offer.pay_to.to_checksum(None) == purchase.pay_to
            && offer.network.caip2 == purchase.network;
        is_same.then(|| offer.clone())
    }

    fn payment_of(&self, purchase: &Purchase) -> Option<(Offer, Value)> {
        let offer = self.offer_of(purchase)?;
        let (authorization, signature) =
            (purchase.authorization.as_ref()?, purchase.signature.as_ref()?);
        let payment = payer::payload(&offer, authorization, signature);
        Some((offer, payment))
    }

    fn connection_to(&self, door: &str) -> Result<Connection, Trouble> {
        let current = store::connection(&self.world)?;
        current.filter(|current| current.url == door).ok_or_else(|| {
            Trouble::Said(format!("connect to {} again: a payment waits there", bounded(door, 200)))
        })
    }

    /// Whether the chain shows exactly this transfer. One that cannot be asked shows nothing.
    async fn confirm_on_chain(
        &self,
        rpc: &Rpc,
        purchase: &Purchase,
        offer: &Offer,
        transaction: &str,
    ) -> bool {
        let Some(authorization) = purchase.authorization.as_ref() else { return false };
        let mut pause = PAUSE_MILLIS / 4;
        for _ in 0..RECEIPT_LOOKS {
            let network = offer.network;
            match payer::confirm(&self.world, rpc, network, authorization, transaction).await {
                Ok(is_it) => return is_it,
                Err(_) => self.world.sleep(pause).await,
            }
            pause = pause.saturating_mul(2);
        }
        false
    }

    /// What the chain says of a payment whose outcome is not known.
    async fn ask_chain(&self, purchase: &Purchase) -> OnChain {
        let (Some(network), Some(authorization), Some(rpc)) = (
            Network::by_caip2(&purchase.network),
            purchase.authorization.as_ref(),
            self.rpc_of(&purchase.network),
        ) else {
            return OnChain::Unclear;
        };
        let end = i64::try_from(authorization.valid_before).unwrap_or(i64::MAX);
        let end = UnixSeconds::new(end).plus(CHAIN_LAG_SECONDS);
        // The time is read first: unused at a block after the end means unused for good.
        let Ok(head) = rpc.head_time(&self.world).await else { return OnChain::Unclear };
        let (from, nonce) = (authorization.from, authorization.nonce);
        match rpc.authorization_used(&self.world, network, from, nonce).await {
            Ok(true) => match rpc.find_transfer(&self.world, network, authorization).await {
                Ok(Use::Moved(hash, _)) => OnChain::Paid(network, hash.to_string()),
                Ok(Use::Elsewhere | Use::NotFound) | Err(_) => OnChain::Unclear,
            },
            Ok(false) if head > end => OnChain::RanOut,
            Ok(false) | Err(_) => OnChain::Unclear,
        }
    }

    pub(super) fn rpc_of(&self, network: &str) -> Option<Rpc> {
        self.config.rpc_urls.get(network).map(|url| Rpc { url: url.clone() })
    }

    fn is_paid(&self, id: &PurchaseId) -> Result<bool, SqlError> {
        let found = purchases::find(&self.world, id)?;
        Ok(found.is_some_and(|purchase| purchase.state == State::Paid))
    }

    fn waiting(&self, id: &PurchaseId, state: State) -> Result<Purchase, Trouble> {
        let found = purchases::find(&self.world, id)?;
        found.filter(|purchase| purchase.state == state).ok_or_else(nothing_waits)
    }

    /// Nothing was signed, and nothing will be.
    async fn give_up(
        &self,
        purchase: &Purchase,
        code: &'static str,
        text: &str,
    ) -> Result<(), Trouble> {
        let now = self.world.now();
        purchases::set_state(&self.world, &purchase.id, State::Failed, text, None, now)?;
        self.step("error", text);
        self.fail(purchase, code, text, "no").await
    }

    async fn stays_unknown(
        &self,
        purchase: &Purchase,
        code: &'static str,
        text: &str,
    ) -> Result<(), Trouble> {
        let now = self.world.now();
        let was_told = purchase.state == State::Unknown;
        let next = Some(now.plus(LOOK_AFTER_SECONDS));
        if !was_told {
            purchases::set_state(&self.world, &purchase.id, State::Unknown, text, next, now)?;
        }
        self.world.line(Level::Warn, "a guest's payment is unknown", &[("code", code)]);
        self.step("payment", format!("not known whether money moved: {text}"));
        if was_told { Ok(()) } else { self.fail(purchase, code, text, "unknown").await }
    }

    async fn fail(
        &self,
        purchase: &Purchase,
        code: &'static str,
        text: &str,
        money_moved: &'static str,
    ) -> Result<(), Trouble> {
        let Purchase { tool, call_id, origin, .. } = purchase;
        self.failed(tool, call_id, origin, code, text, money_moved).await
    }
}

/// There is nobody to hear what a person could do about it.
fn said(done: Result<(), Trouble>) -> Result<(), SqlError> {
    match done {
        Ok(()) | Err(Trouble::Said(_)) => Ok(()),
        Err(Trouble::Storage(error)) => Err(error),
    }
}

fn nothing_waits() -> Trouble {
    Trouble::Said("no such payment waits (any more)".to_owned())
}

fn tool_of(purchase: &Purchase) -> String {
    bounded(&purchase.tool, 80)
}

/// The transaction, if the door says that exactly this was paid by this wallet.
fn is_ours(settlement: &Settlement, purchase: &Purchase) -> Option<String> {
    let is_payer = settlement.payer.is_none_or(|payer| payer.to_checksum(None) == purchase.payer);
    let is_amount = settlement.amount.is_none_or(|amount| amount == purchase.amount);
    let is_good = settlement.success && is_payer && is_amount;
    settlement.transaction.clone().filter(|_| is_good)
}
