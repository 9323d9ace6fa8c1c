use std::borrow::Cow;

use alloy_primitives::hex;
use alloy_sol_types::{Eip712Domain, SolEvent, SolStruct};

use super::*;
use crate::chain::eip3009::Via;

// The same by the general encoding of the library.
sol! {
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    struct Witness {
        address to;
        address facilitator;
        uint256 validAfter;
    }

    struct PermitWitnessTransferFrom {
        TokenPermissions permitted;
        address spender;
        uint256 nonce;
        uint256 deadline;
        Witness witness;
    }

    struct PermitTransferFrom {
        TokenPermissions permitted;
        uint256 nonce;
        uint256 deadline;
    }

    function settle(PermitTransferFrom permit, uint256 amount, address owner, Witness witness, bytes signature) external;
    event Settled();
}

fn base() -> &'static Network {
    Network::by_v1_name("base").unwrap()
}

fn authorization() -> Authorization {
    Authorization {
        from: Address::repeat_byte(1),
        to: Address::repeat_byte(2),
        value: U256::from(30),
        valid_after: U256::from(4),
        valid_before: U256::from(5),
        nonce: B256::repeat_byte(6),
        via: Via::Permit2,
    }
}

fn permit() -> Permit {
    Permit {
        max: U256::from(70),
        token: base().usdc,
        spender: UPTO_PROXY,
        facilitator: Address::repeat_byte(8),
    }
}

fn witness() -> Witness {
    let Authorization { to, valid_after, .. } = authorization();
    Witness { to, facilitator: permit().facilitator, validAfter: valid_after }
}

fn permissions() -> TokenPermissions {
    TokenPermissions { token: permit().token, amount: permit().max }
}

#[test]
fn the_digest_is_that_of_the_library() {
    let domain = Eip712Domain {
        name: Some(Cow::Borrowed("Permit2")),
        version: None,
        chain_id: Some(U256::from(base().chain_id)),
        verifying_contract: Some(PERMIT2),
        salt: None,
    };
    let message = PermitWitnessTransferFrom {
        permitted: permissions(),
        spender: permit().spender,
        nonce: U256::from_be_bytes(authorization().nonce.0),
        deadline: authorization().valid_before,
        witness: witness(),
    };
    assert_eq!(digest(base(), &authorization(), &permit()), message.eip712_signing_hash(&domain));
}

#[test]
fn the_call_is_that_of_the_library_and_is_known_again() {
    assert_eq!(SETTLED, Settled::SIGNATURE_HASH);
    for length in [64, 65, 96] {
        let Authorization { from, value, valid_before, nonce, .. } = authorization();
        let given = Given { wrapper: None, signature: vec![9; length].into() };
        let call = settleCall {
            permit: PermitTransferFrom {
                permitted: permissions(),
                nonce: U256::from_be_bytes(nonce.0),
                deadline: valid_before,
            },
            amount: value,
            owner: from,
            witness: witness(),
            signature: given.signature.clone(),
        };
        let ours = settlement(&authorization(), &permit(), &given);
        assert_eq!(hex::encode(&ours), hex::encode(call.abi_encode()), "{length}");
        let known = |to, authorization: &Authorization| settles(to, &ours, authorization);
        assert!(known(Some(UPTO_PROXY), &authorization()));
        let others = [
            Authorization { from: Address::ZERO, ..authorization() },
            Authorization { to: Address::ZERO, ..authorization() },
            Authorization { value: U256::from(70), ..authorization() },
            Authorization { nonce: B256::ZERO, ..authorization() },
        ];
        assert!(others.iter().all(|other| !known(Some(UPTO_PROXY), other)));
        assert!(!known(Some(PERMIT2), &authorization()) && !known(None, &authorization()));
        assert!(!settles(Some(UPTO_PROXY), &ours[..227], &authorization()));
    }
}
