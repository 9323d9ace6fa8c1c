//! The budget of the session's owner ([`crate::wallets::budget`]): asked before anything is signed, or, for a
//! wallet of nobody who has signed in, when it has signed and before the signature leaves.

use alloy_primitives::Address;

use crate::base::id::PurchaseId;
use crate::base::money::Usdc;
use crate::guest::messages::Out;
use crate::guest::purchases::{self, Purchase, State};
use crate::guest::{Guest, GuestWorld, Trouble, store};
use crate::ports::{Level, SqlError, within};
use crate::wallets::budget::{Ask, Told, Wanted};
use crate::wallets::policy::Spent;

/// How long another object of this deployment is waited for, milliseconds.
pub(super) const HOP_MILLIS: u32 = 10_000;

/// Why a purchase is not paid: a code, and words for the person.
pub(super) type NotPaid = (&'static str, String);

impl<W: GuestWorld> Guest<W> {
    /// Learns what the owner has set and spent in other sessions. Without an answer what was known before
    /// counts; the budget is asked again before anything is signed.
    pub(super) async fn look_at_budget(&self) -> Result<(), SqlError> {
        let Some(budget) = self.own_budget()? else { return Ok(()) };
        let wallet = store::wallet(&self.world)?.map(|wallet| wallet.address);
        let told = self.ask_budget(&budget, &Ask::Look { wallet }).await;
        self.learn(wallet, told)
    }

    /// Counts a purchase that is about to be signed, or was by a wallet of nobody who has signed in. Why it
    /// must not be paid, if so.
    pub(super) async fn reserve(&self, purchase: &Purchase) -> Result<Option<NotPaid>, SqlError> {
        let own = self.own_budget()?;
        let policy = match own {
            Some(_) => None,
            None => Some(store::policy(&self.world)?),
        };
        let wallet: Address = purchase.payer.parse().unwrap_or_default();
        let ask = Ask::Reserve(Box::new(Wanted {
            id: purchase.id.clone(),
            wallet,
            amount: purchase.amount,
            door: purchase.door.clone(),
            tool: purchase.tool.clone(),
            pay_to: purchase.pay_to.parse().unwrap_or_default(),
            spent_in_session: self.spent_without(purchase)?,
            policy,
        }));
        let budget = own.clone().unwrap_or_else(|| purchase.payer.clone());
        match self.ask_budget(&budget, &ask).await {
            Some(Told::Granted(spent_day)) => {
                if own.is_some() {
                    self.spent_day.replace(Some((wallet, spent_day)));
                }
                Ok(None)
            }
            Some(Told::Refused(refused)) => Ok(Some((refused.code(), refused.to_string()))),
            Some(Told::TooMany) => {
                let text = "this wallet has made too many payments in the last 24 hours; wait until tomorrow";
                Ok(Some(("too_many_payments", text.to_owned())))
            }
            Some(Told::View { .. } | Told::Invalid(_) | Told::Released) | None => {
                let text = "the budget of this wallet cannot be asked now, so nothing was paid; call the tool again in a moment";
                Ok(Some(("budget_unavailable", text.to_owned())))
            }
        }
    }

    /// Nothing was signed for this purchase, or it has run out unused: it does not count any more. If that
    /// cannot be told, it counts for a day.
    pub(super) async fn release(&self, purchase: &Purchase) -> Result<(), SqlError> {
        let own = self.own_budget()?;
        // A wallet of nobody is counted when it has signed.
        if own.is_some() || purchase.signature.is_some() {
            self.take_back(own, purchase).await;
        }
        Ok(())
    }

    /// The same for a purchase that ended while its budget was asked.
    pub(super) async fn release_if_over(&self, id: &PurchaseId) -> Result<(), SqlError> {
        let is_over = |purchase: &Purchase| {
            matches!(purchase.state, State::Declined | State::Refused | State::Failed)
        };
        if let Some(purchase) = purchases::find(&self.world, id)?.filter(is_over) {
            self.take_back(self.own_budget()?, &purchase).await;
        }
        Ok(())
    }

    /// One hop to a budget; `None` if it gives no answer in time.
    async fn ask_budget(&self, owner: &str, ask: &Ask) -> Option<Told> {
        within(&self.world, HOP_MILLIS, self.world.ask_budget(owner, ask)).await?.ok()
    }

    async fn take_back(&self, own: Option<String>, purchase: &Purchase) {
        let budget = own.unwrap_or_else(|| purchase.payer.clone());
        let told = self.ask_budget(&budget, &Ask::Release(purchase.id.clone())).await;
        if told.is_none() {
            self.world.line(Level::Warn, "a purchase counts although nothing moved", &[]);
        }
    }

    /// The budget says no.
    pub(super) async fn refuse(
        &self,
        purchase: &Purchase,
        (code, text): NotPaid,
    ) -> Result<(), Trouble> {
        // Declined meanwhile, or signed by another tab, for whom the budget said yes.
        let found = purchases::find(&self.world, &purchase.id)?;
        if found.is_none_or(|found| found.state != State::Signing) {
            return Ok(());
        }
        self.move_on(&purchase.id, State::Refused, &text, None)?;
        self.step("payment", format!("not paid: {text}"));
        self.fail(purchase, code, &text, "no").await
    }

    /// Changes the policy: of all sessions of the owner, or of this one if it is nobody's.
    pub(super) async fn set_policy(&self, changes: &serde_json::Value) -> Result<(), Trouble> {
        self.owner_is_signed_in().await?;
        let Some(budget) = self.own_budget()? else {
            let policy = store::policy(&self.world)?.changed(changes);
            let policy = policy.map_err(|error| Trouble::Said(error.to_string()))?;
            store::set_policy(&self.world, &policy)?;
            self.tell(&self.policy_message()?);
            return Ok(());
        };
        let wallet = store::wallet(&self.world)?.map(|wallet| wallet.address);
        let ask = Ask::SetPolicy { changes: changes.clone(), wallet };
        match self.ask_budget(&budget, &ask).await {
            Some(Told::Invalid(why)) => Err(Trouble::Said(why)),
            Some(told @ Told::View { .. }) => {
                self.learn(wallet, Some(told))?;
                self.tell(&self.policy_message()?);
                Ok(())
            }
            Some(Told::Granted(_) | Told::Refused(_) | Told::TooMany | Told::Released) | None => {
                let text = "the policy cannot be changed now; try again in a moment";
                Err(Trouble::Said(text.to_owned()))
            }
        }
    }

    pub(super) fn policy_message(&self) -> Result<Out, SqlError> {
        let wallet = store::wallet(&self.world)?.map(|wallet| wallet.address);
        let spent = self.spent(wallet)?;
        Ok(Out::Policy {
            policy: store::policy(&self.world)?,
            spent_session: spent.session.to_string(),
            spent_day: spent.day.to_string(),
        })
    }

    /// What was spent before: in this session, and, where that is known to be more, in all of the owner's
    /// with this wallet.
    pub(super) fn spent(&self, wallet: Option<Address>) -> Result<Spent, SqlError> {
        let spent = purchases::spent(&self.world, self.world.now())?;
        let known = *self.spent_day.borrow();
        let everywhere = known.filter(|(of, _)| Some(*of) == wallet).map(|(_, spent)| spent);
        Ok(Spent { day: everywhere.unwrap_or_default().max(spent.day), ..spent })
    }

    /// What the session has spent, without this purchase, which is counted already.
    fn spent_without(&self, purchase: &Purchase) -> Result<Usdc, SqlError> {
        let spent = purchases::spent(&self.world, self.world.now())?.session;
        let rest = spent.atomic().saturating_sub(purchase.amount.atomic());
        Ok(Usdc::from_atomic(rest).unwrap_or(Usdc::MAX))
    }

    /// The budget of whoever owns the session; a session of nobody has none.
    fn own_budget(&self) -> Result<Option<String>, SqlError> {
        let owner = store::owner(&self.world)?;
        Ok(owner.map(|owner| self.config.keys.scope_of(&owner.user).to_string()))
    }

    fn learn(&self, wallet: Option<Address>, told: Option<Told>) -> Result<(), SqlError> {
        if let Some(Told::View { policy, spent_day }) = told {
            self.spent_day.replace(wallet.map(|wallet| (wallet, spent_day)));
            store::set_policy(&self.world, &policy)?;
        }
        Ok(())
    }
}
