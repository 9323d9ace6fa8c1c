//! From the signed payment to what was bought: the same payment is sent until it is known what became of
//! it, and "paid" is said when the chain shows it.

use serde_json::Value;

use crate::base::id::PurchaseId;
use crate::chain::networks::Network;
use crate::chain::rpc::Rpc;
use crate::guest::asking::Reply;
use crate::guest::messages::Out;
use crate::guest::paying::LOOK_AFTER_SECONDS;
use crate::guest::purchases::{self, Purchase, State, open};
use crate::guest::{Guest, GuestWorld, Trouble, kept, seats};
use crate::http::explorer::transaction_url;
use crate::ports::{Level, SqlError};
use crate::rails::x402::payer::{self, Offer, Settlement};

/// How often the same payment is sent before the alarm goes on with it.
pub(super) const TRIES: u32 = 3;
/// The pause between two of them, milliseconds, doubled each time.
const PAUSE_MILLIS: u32 = 1_000;
/// How often a door whose payment the chain shows may refuse to deliver before its person is told to ask its host:
/// our own doors find out within half a minute. Only answers count, not what was sent in vain.
const PATIENCE: u64 = 4;
/// How long the receipt on the chain is waited for.
const RECEIPT_LOOKS: u32 = 5;

impl<W: GuestWorld> Guest<W> {
    /// Sends the payment, the same each time, until the door says something that counts.
    pub(super) async fn deliver(&self, id: &PurchaseId, tries: u32) -> Result<(), Trouble> {
        let mut pause = PAUSE_MILLIS;
        for last in (0..tries).rev() {
            let Some(purchase) = purchases::find(&self.world, id)? else { return Ok(()) };
            let asked = {
                let turn = self.turn_at(&purchase.door);
                let _turn = turn.lock().await;
                self.ask_server(id).await?
            };
            let Some((purchase, reply)) = asked else { return Ok(()) };
            let Reply::None(text) = &reply else { return self.answered(&purchase, reply).await };
            if last == 0 {
                return self.answered(&purchase, reply).await;
            }
            self.step("payment", format!("not known yet, the same payment again: {text}"));
            self.world.sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
        Ok(())
    }

    /// Does what follows from a door's answer.
    pub(super) async fn answered(&self, purchase: &Purchase, reply: Reply) -> Result<(), Trouble> {
        match reply {
            Reply::Result(settlement, result) => self.delivered(purchase, settlement, result).await,
            Reply::Refused(code, text) => {
                self.without_result(purchase, code, &text).await?;
                if self.is_paid(&purchase.id)?
                    && open::count_refusal(&self.world, &purchase.id)? == PATIENCE
                {
                    let text = format!(
                        "the chain shows the payment, and the door does not deliver: {text}; ask its host. It is asked again for as long as this session lasts"
                    );
                    self.step("error", text.as_str());
                    return self.fail(purchase, "not_delivered", &text, "yes").await;
                }
                Ok(())
            }
            Reply::None(text) => self.without_result(purchase, "unknown", &text).await,
        }
    }

    /// The door has delivered. Its result is kept before anything else; what it says of the money is compared with
    /// what was signed, and with the chain where that can be asked, before "paid" is said.
    async fn delivered(
        &self,
        purchase: &Purchase,
        settlement: Option<Settlement>,
        result: Value,
    ) -> Result<(), Trouble> {
        let Some(message) = self.keep_result(purchase, &result)? else { return Ok(()) };
        self.held.borrow_mut().insert(purchase.id.to_string());
        let compared = self.compare(purchase, settlement).await;
        self.held.borrow_mut().remove(purchase.id.as_str());
        self.hand_over(purchase.id.as_str(), &message)?;
        compared?;
        self.report(&purchase.origin, &purchase.tool, Ok(&result)).await
    }

    /// Compares what a door says of the money with what was signed, and with the chain.
    async fn compare(
        &self,
        purchase: &Purchase,
        settlement: Option<Settlement>,
    ) -> Result<(), Trouble> {
        if self.is_paid(&purchase.id)? {
            return Ok(());
        }
        let Some(transaction) = settlement.as_ref().and_then(|one| is_ours(one, purchase)) else {
            let text = "the door delivered, but names no payment of this wallet; the payment is looked for on the chain";
            return Ok(self.not_shown_by_chain(purchase, "payment", text)?);
        };
        let network = Network::by_caip2(&purchase.network);
        let is_confirmed = match (self.rpc_of(&purchase.network), self.offer_of(purchase)) {
            (Some(rpc), Some(offer)) => {
                self.confirm_on_chain(&rpc, purchase, &offer, &transaction).await
            }
            // Nobody can be asked, so the door's word is all there is.
            (None, _) => true,
            (Some(_), None) => false,
        };
        match network.filter(|_| is_confirmed) {
            Some(network) => self.paid(purchase, network, &transaction).await,
            None => {
                let text = "the door says that it was paid, and the chain does not yet; the payment is looked after";
                Ok(self.not_shown_by_chain(purchase, "error", text)?)
            }
        }
    }

    /// The result is there, and whether its money moved is still to be seen.
    fn not_shown_by_chain(
        &self,
        purchase: &Purchase,
        log_type: &'static str,
        text: &str,
    ) -> Result<(), SqlError> {
        let next = self.world.now().plus(LOOK_AFTER_SECONDS);
        if self.move_on(&purchase.id, State::Unknown, text, Some(next))? {
            self.step(log_type, text);
        }
        Ok(())
    }

    /// Keeps the result of a purchase for whoever comes, in one block with the purchase; the message, if it was not
    /// kept before. One that is too long to be kept is shown to those who are here; if nobody is, the door is asked
    /// again later.
    fn keep_result(&self, purchase: &Purchase, result: &Value) -> Result<Option<String>, SqlError> {
        let message = Out::ToolResult {
            tool: purchase.tool.clone(),
            result: result.clone(),
            call_id: purchase.call_id.clone(),
        };
        // Text and numbers can always be written.
        let text = serde_json::to_string(&message).unwrap_or_default();
        self.world.atomically(|| {
            let is_short = text.len() <= kept::KEPT_BYTES_MAX;
            if !is_short && !self.world.tell_all(&text) {
                return Ok(None);
            }
            if !open::set_shown(&self.world, &purchase.id)? {
                return Ok(None);
            }
            if let Some(ticket) = seats::ticket_in(result) {
                open::set_ticket(&self.world, &purchase.id, ticket)?;
            }
            if is_short {
                kept::keep_result(&self.world, &purchase.id, &text)?;
            }
            Ok(Some(text))
        })
    }

    /// Tells a kept result to those who are here, if there is anybody.
    pub(super) fn hand_over(&self, purchase: &str, message: &str) -> Result<(), SqlError> {
        if message.len() <= kept::KEPT_BYTES_MAX && self.world.tell_all(message) {
            kept::set_told(&self.world, purchase, self.world.now())?;
        }
        Ok(())
    }

    /// The chain shows the payment.
    pub(super) async fn paid(
        &self,
        purchase: &Purchase,
        network: &Network,
        transaction: &str,
    ) -> Result<(), Trouble> {
        if !open::set_paid(&self.world, &purchase.id, transaction, self.world.now())? {
            return Ok(());
        }
        self.step("payment", format!("paid ${}", purchase.amount));
        self.tell(&Out::PaymentReceipt {
            tx_hash: transaction.to_owned(),
            network: purchase.network.clone(),
            payer: purchase.payer.clone(),
            pay_to: purchase.pay_to.clone(),
            amount: purchase.amount.atomic().to_string(),
            amount_usd: purchase.amount.to_string(),
            explorer_url: transaction_url(&self.config, network, transaction),
            confirmed: self.rpc_of(&purchase.network).is_some(),
            tool: purchase.tool.clone(),
        });
        self.tell(&self.history_message()?);
        self.look_at_wallet().await
    }

    fn is_paid(&self, id: &PurchaseId) -> Result<bool, SqlError> {
        let found = purchases::find(&self.world, id)?;
        Ok(found.is_some_and(|purchase| purchase.state == State::Paid))
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

    /// There is no result yet; the door is asked again. Whoever waits for it is told once.
    async fn without_result(
        &self,
        purchase: &Purchase,
        code: &'static str,
        text: &str,
    ) -> Result<(), Trouble> {
        let now = self.world.now();
        // Others may have moved it on while the door was asked.
        let Some(purchase) = purchases::find(&self.world, &purchase.id)? else { return Ok(()) };
        let later = purchase.next_check_at.filter(|next| *next > now);
        let next = later.unwrap_or(now.plus(LOOK_AFTER_SECONDS));
        self.world.wake_at(next);
        if !open::set_warned(&self.world, &purchase.id, text, next, now)? {
            return Ok(());
        }
        let (moved, of_money) = match purchase.state {
            State::Paid => ("yes", "the chain shows the payment; the door is asked again"),
            State::Asked
            | State::Declined
            | State::Refused
            | State::Signing
            | State::Paying
            | State::Unknown
            | State::Failed => {
                ("unknown", "the signed payment may still move its money until it runs out")
            }
        };
        let text = format!("{text} ({of_money})");
        self.step("payment", format!("no result yet: {text}"));
        if purchase.warned {
            return Ok(());
        }
        self.world.line(Level::Warn, "a purchase has no result yet", &[("code", code)]);
        self.fail(&purchase, code, &text, moved).await
    }
}

/// The transaction, if the door says that exactly this was paid by this wallet.
fn is_ours(settlement: &Settlement, purchase: &Purchase) -> Option<String> {
    let is_payer = settlement.payer.is_none_or(|payer| payer.to_checksum(None) == purchase.payer);
    let is_amount = settlement.amount.is_none_or(|amount| amount == purchase.amount);
    let is_good = settlement.success && is_payer && is_amount;
    settlement.transaction.clone().filter(|_| is_good)
}
