// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC4337} from "solady/src/accounts/ERC4337.sol";
import {ERC4337Factory} from "solady/src/accounts/ERC4337Factory.sol";

/// Solady's wallet as it is; only its name is ours, because Solady leaves that open.
contract SoladyWallet is ERC4337 {
    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("SoladyWallet", "1");
    }
}

/// Solady's factory, with the function that viem's `toSoladySmartAccount` calls.
contract SoladyFactory is ERC4337Factory {
    constructor(address implementation) ERC4337Factory(implementation) {}

    function createAccount(address owner, bytes32 salt) external payable returns (address) {
        require(address(bytes20(salt)) == owner, "SoladyFactory: the salt begins with the owner");
        return createAccount(salt);
    }
}
