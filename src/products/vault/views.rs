//! The vault's REST answers for its host.

use serde::Serialize;

use crate::products::vault::SecretView;
use crate::products::vault::retrievals::Retrieval;

/// The host's secrets, without their values.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OwnSecrets {
    /// In the order in which they were stored.
    pub secrets: Vec<SecretView>,
}

/// The retrieval log of a secret.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Retrievals {
    /// The newest retrieval comes first.
    pub retrievals: Vec<Retrieval>,
    /// The cursor of the next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}
