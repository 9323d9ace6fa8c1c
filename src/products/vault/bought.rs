//! What buyers of secrets find in the list of everything that they have bought. A value is never part of it.

use serde_json::json;

use crate::base::id::SecretId;
use crate::ledger::payments::Payment;
use crate::ports::{SqlError, World};
use crate::products::vault::retrievals;
use crate::products::vault::store;
use crate::products::vault::tools::Tool;
use crate::products::vault::{Sale, Secret, Status};
use crate::sale::bought::{Again, Bought, Kind, State};
use crate::sale::cx::Cx;
use crate::sale::tool::ProductTool;

/// What a payment for a secret has bought.
pub(super) fn bought(
    tool: Tool,
    cx: &Cx<'_, impl World>,
    payment: &Payment,
) -> Result<Bought, SqlError> {
    let id = payment.wanted.as_deref().and_then(|id| SecretId::parse(id).ok());
    let secret = id.map(|id| store::find(cx.world, &id)).transpose()?.flatten();
    let sale = retrievals::sale(cx.world, &payment.id)?;
    let is_readable = match (&secret, sale) {
        (Some(secret), Some(sale)) => is_readable(cx, secret, sale),
        (None, _) | (_, None) => false,
    };
    let state = if is_readable { State::Valid } else { State::Over };
    let title = secret.as_ref().map_or(tool.spec().title, |secret| &secret.name);
    let again = secret.as_ref().filter(|_| is_readable).map(|secret| Again {
        url: cx.resource_url(tool.spec().name),
        arguments: json!({"secretId": secret.id}),
    });
    Ok(Bought { again, ..Bought::plain(Kind::Secret, title, state, payment) })
}

/// Whether the buyer may read the version that was bought, as `check_right` in `sale.rs`.
fn is_readable(cx: &Cx<'_, impl World>, secret: &Secret, sale: Sale) -> bool {
    let now = cx.now();
    sale.is_kept(now) || (secret.status(now) == Status::Active && secret.version == sale.version)
}
