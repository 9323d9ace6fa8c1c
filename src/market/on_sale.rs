//! Finds tools that sell something now.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::market::search::Answer;
use crate::ports::storage::{Columns, all, first};
use crate::ports::{Sql, SqlError};

/// A request for tools that sell something now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcesAsk {
    /// Only what pays this address (EIP-55).
    pub pay_to: Option<String>,
    pub limit: u32,
    pub offset: u32,
}

/// A page of the tools that sell something now, and how many there are.
///
/// # Errors
/// [`SqlError`] if SQLite refuses.
pub(super) fn find(sql: &impl Sql, asked: &ResourcesAsk) -> Result<Answer, SqlError> {
    let (from, mut parameters) = match &asked.pay_to {
        None => ("tools", Vec::new()),
        Some(address) => {
            let table = "hosts CROSS JOIN tools ON tools.scope = hosts.scope AND hosts.pay_to = ?1";
            (table, vec![address.as_str().into()])
        }
    };
    let condition = "tools.example_price IS NOT NULL";
    let count = format!("SELECT count(*) FROM {from} WHERE {condition}");
    let total = first(sql, &count, &parameters)?.map_or(Ok(0), |mut columns| columns.count())?;
    let (limit, offset) = (parameters.len() + 1, parameters.len() + 2);
    parameters.extend([asked.limit.into(), asked.offset.into()]);
    let page = format!(
        "SELECT h.scope, h.name, h.pay_to, t.name, t.example, t.example_price, h.updated_at \
         FROM (SELECT tools.number FROM {from} WHERE {condition} ORDER BY tools.number LIMIT ?{limit} OFFSET ?{offset}) AS found \
         JOIN tools AS t ON t.number = found.number JOIN hosts AS h ON h.scope = t.scope ORDER BY t.number"
    );
    let found = all(sql, &page, &parameters, on_sale)?;
    Ok(Answer::Found(found, Some(total.to_string())))
}

fn on_sale(columns: &mut Columns) -> Result<Value, SqlError> {
    let host = json!({"scope": columns.text()?, "name": columns.text()?});
    Ok(json!({
        "host": host,
        "payTo": columns.text()?,
        "name": columns.text()?,
        "example": columns.text()?,
        "price": columns.usdc()?,
        "updatedAt": columns.moment()?.to_string(),
    }))
}
