// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// A wallet that accepts every signature in a simulation, and in the block burns the gas that there is.
contract LyingWallet {
    /// Whether it looks at the price of gas, which is 0 in a simulation that names none.
    bool private immutable readsPrice;
    bool private burns;

    constructor(bool reads) {
        readsPrice = reads;
    }

    /// Its owner does so between the simulation and the block.
    function turn(bool on) external {
        burns = on;
    }

    /// ERC-1271
    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        uint256 rounds = burns || (readsPrice && tx.gasprice != 0) ? type(uint256).max : 0;
        bytes32 waste;
        for (uint256 round; round < rounds; ++round) waste = keccak256(abi.encode(waste));
        return waste == bytes32(0) ? this.isValidSignature.selector : bytes4(0);
    }
}
