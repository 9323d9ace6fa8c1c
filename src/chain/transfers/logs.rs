//! The call and the logs of EIP-3009 that tell whether an authorization was used.

use alloy_primitives::B256;
use alloy_sol_types::{SolEvent, sol};
use serde_json::{Value, json};

use crate::chain::eip3009::Authorization;

sol! {
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
    event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);
    event Transfer(address indexed from, address indexed to, uint256 value);
}

/// The topics of the log of the authorization's use.
pub(super) fn used_topics(authorization: &Authorization) -> [B256; 3] {
    let from = authorization.from.into_word();
    [AuthorizationUsed::SIGNATURE_HASH, from, authorization.nonce]
}

/// A filter for the logs of the authorization's use and cancellation.
pub(super) fn used_or_cancelled_topics(authorization: &Authorization) -> Value {
    let [used, from, nonce] = used_topics(authorization);
    json!([[used, AuthorizationCanceled::SIGNATURE_HASH], from, nonce])
}
