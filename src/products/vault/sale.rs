//! Calls of the vault's tools: those that nobody pays for (`call`), and the sale of a secret. `value_of` opens its value:
//! for a buyer (`hand_over`), and to check that it opens before it is sold.

use serde_json::{Value, json};

use crate::base::code::Code;
use crate::base::id::{PaymentId, SecretId};
use crate::base::money::Usdc;
use crate::base::text;
use crate::identity::access::Caller;
use crate::ledger::payments::{self, Payment, Settled};
use crate::ports::{SqlError, World};
use crate::products::vault::input::{self, OneSecret};
use crate::products::vault::retrievals::{self, How};
use crate::products::vault::seal::{Place, open};
use crate::products::vault::tools::Tool;
use crate::products::vault::{Sale as Sold, Secret, Status, bought, manage, store};
use crate::rails::outcome::{Abort, Failure, Fatal, Money};
use crate::rails::quote::PaidCall;
use crate::sale::answers::{no_money, with_money};
use crate::sale::bought::Bought;
use crate::sale::cx::Cx;
use crate::sale::product::{Hold, Offer, Pays, Sale, Terms, not_sold};
use crate::sale::repeat::{Ground, MayRead, ProvenPayer};
use crate::sale::request::read_arguments;

/// A paid call of `retrieveSecret`.
#[derive(Debug)]
pub struct SecretSale {
    secret_id: SecretId,
}

/// Calls a tool that is not paid for.
///
/// # Errors
///
/// [`Failure`] of the tool.
pub fn call(
    cx: &Cx<'_, impl World>,
    tool: Tool,
    arguments: Value,
    _: &Caller,
) -> Result<Value, Failure> {
    match tool {
        Tool::ListSecrets => manage::list_secrets(cx, read_arguments(arguments)?),
        Tool::StoreSecret => manage::store_secret(cx, read_arguments(arguments)?),
        Tool::DeleteSecret => {
            let OneSecret { secret_id } = read_arguments(arguments)?;
            manage::revoke_secret(cx, &input::secret_id(&secret_id)?)
        }
        Tool::RetrieveSecret => Err(Abort::is_paid().into()),
    }
}

impl Sale<Tool> for SecretSale {
    fn read(tool: Tool, arguments: Value) -> Result<Self, Failure> {
        match tool {
            Tool::RetrieveSecret => {
                let OneSecret { secret_id } = read_arguments(arguments)?;
                Ok(Self { secret_id: input::secret_id(&secret_id)? })
            }
            Tool::ListSecrets | Tool::StoreSecret | Tool::DeleteSecret => {
                Err(Abort::is_not_paid().into())
            }
        }
    }

    fn subject(&self) -> Option<String> {
        Some(self.secret_id.to_string())
    }

    fn terms(&self, cx: &Cx<'_, impl World>, _: Option<&Pays>) -> Result<Terms, Failure> {
        let secret = readable(cx, &self.secret_id)?;
        check_opens(cx, &secret)?;
        let description = format!("Secret \"{}\"", text::ascii_name(&secret.name, "unnamed"));
        Ok(Terms { amount: secret.price, most: None, seats: None, description })
    }

    /// Fixes the version that is bought.
    fn recheck(
        &self,
        cx: &Cx<'_, impl World>,
        _: &str,
        _: &PaymentId,
        amount: Usdc,
    ) -> Result<Hold, Failure> {
        let secret = readable(cx, &self.secret_id)?;
        if secret.price != amount {
            let detail = format!("the price has changed to ${}; sign again", secret.price);
            let abort = Abort::new(Code::PriceChanged, detail);
            return Err(abort.with_money(Money::NotMoved).into());
        }
        Ok(Some(json!({"version": secret.version})))
    }

    fn prepare(&self, _: &Cx<'_, impl World>) -> Result<Value, Failure> {
        Err(Abort::is_not_prepared().into())
    }

    /// A secret that the wallet has not read comes before one that it has.
    fn bought_before(
        &self,
        cx: &Cx<'_, impl World>,
        call: &PaidCall,
        payer: &ProvenPayer,
    ) -> Result<Option<Payment>, SqlError> {
        let (wallet, network) = (payer.wallet(), payer.network());
        let unread = retrievals::unread_by(cx.world, &self.secret_id, wallet, network)?;
        match unread.map(|id| payments::find(cx.world, &id)).transpose()?.flatten() {
            Some(unread) => Ok(Some(unread)),
            None => payer.newest_of(cx.world, call),
        }
    }

    fn is_had(&self, cx: &Cx<'_, impl World>, known: &Payment) -> Result<bool, Failure> {
        match retrievals::sale(cx.world, &known.id)? {
            Some(Sold { version, handed_over_at: Some(_) }) => {
                Ok(readable(cx, &self.secret_id)?.version == version)
            }
            Some(Sold { handed_over_at: None, .. }) | None => Ok(true),
        }
    }

    fn offer(tool: Tool, cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Offer, SqlError> {
        match tool {
            Tool::RetrieveSecret => {
                let wanted = payment.wanted.as_deref().unwrap_or_default();
                let Ok(id) = SecretId::parse(wanted) else { return Ok(Offer::Open) };
                Offer::of(check_still_sold(cx, &id, payment))
            }
            Tool::ListSecrets | Tool::StoreSecret | Tool::DeleteSecret => Ok(Offer::NOT_SOLD),
        }
    }

    fn fulfil(tool: Tool, cx: &Cx<'_, impl World>, paid: &Settled) -> Result<Value, SqlError> {
        match tool {
            Tool::RetrieveSecret => fulfil_secret(cx, paid),
            Tool::ListSecrets | Tool::StoreSecret | Tool::DeleteSecret => Err(not_sold()),
        }
    }

    fn correct(cx: &Cx<'_, impl World>, paid: &Settled, transaction: &str) -> Result<(), SqlError> {
        retrievals::correct_sale(cx.world, &paid.payment().id, transaction)
    }

    fn revoke(cx: &Cx<'_, impl World>, paid: &Settled) -> Result<(), SqlError> {
        retrievals::remove_sale(cx.world, &paid.payment().id)
    }

    fn bought(tool: Tool, cx: &Cx<'_, impl World>, payment: &Payment) -> Result<Bought, SqlError> {
        bought::bought(tool, cx, payment)
    }

    fn show(cx: &Cx<'_, impl World>, answer: Value, may: &MayRead) -> Result<Value, Failure> {
        hand_over(cx, answer, may)
    }
}

/// Books the sale of the version that was on sale when its payment was reserved. The stored answer holds no value;
/// [`hand_over`] adds it for a caller who may read it.
fn fulfil_secret(cx: &Cx<'_, impl World>, settled: &Settled) -> Result<Value, SqlError> {
    let now = cx.world.now();
    let sql = cx.world;
    let id = sold_id(settled)?;
    let secret = store::find(sql, &id)?;
    let secret =
        secret.ok_or_else(|| SqlError("a sale of a secret that is not there".to_owned()))?;
    let version = staged_version(settled.payment()).unwrap_or(secret.version);
    retrievals::add_sale(sql, &id, version, settled, now)?;
    let sold = store::find(sql, &id)?.unwrap_or(secret);
    let answer = json!({
        "secretId": id,
        "name": sold.name,
        "description": sold.description,
        "version": version,
        "retrievalCount": sold.retrievals,
        "transactionHash": settled.transaction(),
    });
    manage::publish_secret_soon(cx, &sold, now)?;
    Ok(answer)
}

/// Opens what was bought and puts it into the answer. The first reading is recorded. It is unknown whether an answer
/// arrives, so reading can be repeated for a while.
fn hand_over(cx: &Cx<'_, impl World>, mut answer: Value, may: &MayRead) -> Result<Value, Failure> {
    let settled = may.settled();
    let payment = settled.payment();
    let id = sold_id(settled)?;
    let sale = retrievals::sale(cx.world, &payment.id)?
        .ok_or_else(|| SqlError("a sale of a secret is not noted".to_owned()))?;
    check_right(cx, &id, sale)?;
    let value = value_of(cx, &id, sale.version, Money::Moved)?;
    let now = cx.world.now();
    match (sale.handed_over_at, may.ground()) {
        (None, Ground::First | Ground::Copy | Ground::SignedIn) => {
            retrievals::mark_handed_over(cx.world, &payment.id, now)?;
        }
        (Some(_), Ground::First) => {}
        (Some(_), Ground::Copy) => {
            retrievals::add_reading(
                cx.world,
                &id,
                sale.version,
                &payment.payer,
                How::Payment,
                now,
            )?;
        }
        (Some(_), Ground::SignedIn) => {
            let how = How::Signature;
            retrievals::add_reading(cx.world, &id, sale.version, &payment.payer, how, now)?;
        }
    }
    manage::put(&mut answer, "secret", value.into());
    Ok(answer)
}

/// Whether the version that a payment was reserved for is still on sale.
fn check_still_sold(
    cx: &Cx<'_, impl World>,
    id: &SecretId,
    payment: &Payment,
) -> Result<(), Failure> {
    let version = readable(cx, id)?.version;
    if staged_version(payment).is_none_or(|staged| staged == version) {
        return Ok(());
    }
    let detail = "the host has replaced this secret's value";
    Err(Abort::new(Code::SecretReplaced, detail).with_money(Money::NotMoved).into())
}

/// The secret, if it can be bought and read now.
fn readable(cx: &Cx<'_, impl World>, id: &SecretId) -> Result<Secret, Failure> {
    let secret = manage::secret(cx, id).map_err(no_money)?;
    let gone =
        |code, detail: &str| Err(Abort::new(code, detail).with_money(Money::NotMoved).into());
    match secret.status(cx.world.now()) {
        Status::Active => Ok(secret),
        Status::Expired => gone(Code::SecretExpired, "this secret has expired"),
        Status::Revoked => gone(Code::SecretRevoked, "this secret was withdrawn by its host"),
    }
}

/// Whether a buyer may read: while the version is on sale, then until it was first read, and a day longer.
fn check_right(cx: &Cx<'_, impl World>, id: &SecretId, sale: Sold) -> Result<(), Failure> {
    if sale.is_kept(cx.world.now()) {
        return Ok(());
    }
    let secret = readable(cx, id).map_err(|failure| with_money(failure, Money::Moved))?;
    if sale.version != secret.version {
        let detail = "the host has replaced this secret's value since you bought it; call without a payment to buy the new one";
        return Err(Abort::new(Code::SecretReplaced, detail).with_money(Money::Moved).into());
    }
    Ok(())
}

/// Refuses the sale of a value that cannot be opened: it is damaged, or sealed with a master key that is no longer
/// set.
fn check_opens(cx: &Cx<'_, impl World>, secret: &Secret) -> Result<(), Failure> {
    value_of(cx, &secret.id, secret.version, Money::NotMoved).map(drop)
}

/// Opens one version. `money`: the state of the money, for the error.
fn value_of(
    cx: &Cx<'_, impl World>,
    id: &SecretId,
    version: u32,
    money: Money,
) -> Result<String, Failure> {
    let place = Place { scope: cx.scope, id, version };
    let sealed = store::sealed_version(cx.world, id, version)?;
    let opened = sealed.ok_or_else(|| "its value is gone".to_owned()).and_then(|sealed| {
        open(&cx.config.keys, place, &sealed).map_err(|error| error.to_string())
    });
    let opened =
        opened.map_err(|what| Failure::Fatal(Fatal { what: format!("{id}: {what}"), money }))?;
    Ok(opened.expose().to_owned())
}

/// The secret that a payment has bought.
fn sold_id(settled: &Settled) -> Result<SecretId, SqlError> {
    SecretId::parse(settled.payment().wanted.as_deref().unwrap_or_default())
        .map_err(|error| SqlError(format!("stored id: {error}")))
}

/// The version that the payment was reserved for.
fn staged_version(payment: &Payment) -> Option<u32> {
    let version = payment.staged.as_ref()?.get("version")?.as_u64()?;
    u32::try_from(version).ok()
}
