//! Calls that buy something now, as catalogues and scanners are shown them.

use serde_json::Value;

use crate::base::money::Usdc;
use crate::market::listing::Example;
use crate::ports::{SqlError, World};
use crate::rails::outcome::Failure;
use crate::shop::Shop;
use crate::shop::registry::Tool;

/// Things that are tried until one is for sale.
const TRIED_MAX: usize = 10;

/// A call of a paid tool that a stranger could pay for now. `subjects`: the ids of what the tool's product sells. `None`: there
/// is nothing to buy.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub(super) fn example(
    shop: &Shop<'_, impl World>,
    tool: Tool,
    subjects: &[String],
) -> Result<Option<Example>, SqlError> {
    let about = subjects.iter().take(TRIED_MAX).map(|id| Some(id.as_str()));
    // A tool that sells nothing in particular has the same example whatever there is.
    let calls = about.chain([None]).filter_map(|subject| tool.example(subject));
    for arguments in calls {
        let price = demanded(shop, tool, &arguments)?;
        if let Some(price) = price.filter(|price| !price.is_zero()) {
            return Ok(Some(Example { arguments, price }));
        }
    }
    Ok(None)
}

/// What a challenge for this call asks for; `None` if there is none.
fn demanded(
    shop: &Shop<'_, impl World>,
    tool: Tool,
    arguments: &Value,
) -> Result<Option<Usdc>, SqlError> {
    let terms = tool.sale(arguments.clone()).and_then(|sale| sale.terms(&shop.cx, None));
    match terms.and_then(|terms| shop.cx.check_price(terms.amount).map(|()| terms.amount)) {
        Ok(amount) => Ok(Some(amount)),
        Err(Failure::Abort(_) | Failure::Unpaid(_)) => Ok(None),
        Err(Failure::Fatal(fatal)) => Err(SqlError(fatal.what)),
    }
}
