// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// The smallest smart wallet that can pay: one owner, whose signature it accepts behind a marker
/// byte (so that a wallet's signature never looks like a key's).
contract MiniWallet {
    bytes1 private constant MARKER = 0x01;
    address public owner;

    function setOwner(address newOwner) external {
        require(owner == address(0), "MiniWallet: has an owner");
        owner = newOwner;
    }

    /// ERC-1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 66 || signature[0] != MARKER) return 0xffffffff;
        (address signer, ECDSA.RecoverError fault,) = ECDSA.tryRecover(hash, signature[1:]);
        bool valid = fault == ECDSA.RecoverError.NoError && signer == owner;
        return valid ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// Makes wallets at addresses that are known beforehand. Making one twice is no error.
contract MiniWalletFactory {
    function addressOf(address owner, bytes32 salt) public view returns (address) {
        bytes32 hash = keccak256(
            abi.encodePacked(hex"ff", address(this), saltOf(owner, salt), keccak256(type(MiniWallet).creationCode))
        );
        return address(uint160(uint256(hash)));
    }

    function create(address owner, bytes32 salt) external returns (address wallet) {
        wallet = addressOf(owner, salt);
        if (wallet.code.length == 0) {
            MiniWallet made = new MiniWallet{salt: saltOf(owner, salt)}();
            made.setOwner(owner);
        }
    }

    function saltOf(address owner, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(owner, salt));
    }
}
