// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// What this file needs of Permit2.
interface IPermit2 {
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    struct PermitTransferFrom {
        TokenPermissions permitted;
        uint256 nonce;
        uint256 deadline;
    }

    struct SignatureTransferDetails {
        address to;
        uint256 requestedAmount;
    }

    function permitWitnessTransferFrom(
        PermitTransferFrom calldata permit,
        SignatureTransferDetails calldata transferDetails,
        address owner,
        bytes32 witness,
        string calldata witnessTypeString,
        bytes calldata signature
    ) external;
}

/// Stands where x402's `upto` scheme for EVM has x402UptoPermit2Proxy. It is ours, made from the published interface
/// (the ABI in the package x402/evm), because no package has the reference's source or code: it behaves as the reference
/// facilitator expects, and its code and gas are not those of the real one. `settleWithPermit` is left out, since
/// TestUSDC has no EIP-2612 `permit`. Like TestUSDC it has no constructor.
contract UptoProxy is ReentrancyGuardTransient {
    /// What the payer signs beside the permit: who gets the money, and who may say how much of it.
    struct Witness {
        address to;
        address facilitator;
        uint256 validAfter;
    }

    IPermit2 public constant PERMIT2 = IPermit2(0x000000000022D473030F116dDEE9F6B43aC78BA3);
    bytes32 public constant WITNESS_TYPEHASH = keccak256("Witness(address to,address facilitator,uint256 validAfter)");
    /// As Permit2 wants it: the witness as the last member of the permit, then all types in alphabetical order.
    string public constant WITNESS_TYPE_STRING =
        "Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,address facilitator,uint256 validAfter)";

    event Settled();

    error AmountExceedsPermitted();
    error InvalidDestination();
    error InvalidOwner();
    error PaymentTooEarly();
    error UnauthorizedFacilitator();

    /// Moves `amount`, which may be less than what `owner` has permitted. Permit2 checks the signature, the deadline
    /// and that the nonce is new.
    function settle(
        IPermit2.PermitTransferFrom calldata permit,
        uint256 amount,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) external nonReentrant {
        require(amount <= permit.permitted.amount, AmountExceedsPermitted());
        require(msg.sender == witness.facilitator, UnauthorizedFacilitator());
        require(owner != address(0), InvalidOwner());
        require(witness.to != address(0), InvalidDestination());
        require(block.timestamp >= witness.validAfter, PaymentTooEarly());
        bytes32 terms = keccak256(abi.encode(WITNESS_TYPEHASH, witness.to, witness.facilitator, witness.validAfter));
        IPermit2.SignatureTransferDetails memory transfer =
            IPermit2.SignatureTransferDetails({to: witness.to, requestedAmount: amount});
        PERMIT2.permitWitnessTransferFrom(permit, transfer, owner, terms, WITNESS_TYPE_STRING, signature);
        emit Settled();
    }
}
