//! Private keys that are public knowledge, by their addresses.

use alloy_primitives::{Address, address};

/// The first accounts (m/44'/60'/0'/0/n) of the usual mnemonics of development chains; generated with viem.
const KNOWN: &[Address] = &[
    // "test test test test test test test test test test test junk": anvil, Hardhat, Foundry.
    address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    address!("70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    address!("3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    address!("90F79bf6EB2c4f870365E785982E1f101E93b906"),
    address!("15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
    address!("9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
    address!("976EA74026E726554dB657fA54763abd0C3a0aa9"),
    address!("14dC79964da2C08b23698B3D3cc7Ca32193d9955"),
    address!("23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"),
    address!("a0Ee7A142d267C1f36714E4a8F75612F20a79720"),
    address!("Bcd4042DE499D14e55001CcbB24a551F3b954096"),
    address!("71bE63f3384f5fb98995898A86B02Fb2426c5788"),
    address!("FABB0ac9d68B0B445fB7357272Ff202C5651694a"),
    address!("1CBd3b2770909D4e10f157cABC84C7264073C9Ec"),
    address!("dF3e18d64BC6A983f673Ab319CCaE4f1a57C7097"),
    address!("cd3B766CCDd6AE721141F452C550Ca635964ce71"),
    address!("2546BcD3c84621e976D8185a91A922aE77ECEc30"),
    address!("bDA5747bFD65F08deb54cb465eB87D40e51B197E"),
    address!("dD2FD4581271e230360230F9337D5c0430Bf44C0"),
    address!("8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199"),
    // "myth like bonus scare over problem client lizard pioneer submit female collect": Ganache.
    address!("90F8bf6A479f320ead074411a4B0e7944Ea8c9C1"),
    address!("FFcf8FDEE72ac11b5c542428B35EEF5769C409f0"),
    address!("22d491Bde2303f2f43325b2108D26f1eAbA1e32b"),
    address!("E11BA2b4D45Eaed5996Cd0823791E0C93114882d"),
    address!("d03ea8624C8C5987235048901fB614fDcA89b117"),
    address!("95cED938F7991cd0dFcb48F0a06a40FA1aF46EBC"),
    address!("3E5e9111Ae8eB78Fe1CC3bb8915d5D461F3Ef9A9"),
    address!("28a8746e75304c0780E011BEd21C72cD78cd535E"),
    address!("ACa94ef8bD5ffEE41947b4585a84BdA5a3d3DA6E"),
    address!("1dF62f291b2E969fB0849d99D9Ce41e2F137006e"),
    // "candy maple cake sugar pudding cream honey rich smooth crumble sweet treat": Truffle.
    address!("627306090abaB3A6e1400e9345bC60c78a8BEf57"),
    address!("f17f52151EbEF6C7334FAD080c5704D77216b732"),
    address!("C5fdf4076b8F3A5357c5E395ab970B5B54098Fef"),
    address!("821aEa9a577a9b44299B9c15c88cf3087F3b5544"),
    address!("0d1d4e623D10F9FBA5Db95830F7d3839406C6AF2"),
    address!("2932b7A2355D6fecc4b5c0B6BD44cC31df247a2e"),
    address!("2191eF87E392377ec08E7c08Eb105Ef5448eCED5"),
    address!("0F4F2Ac550A1b4e2280d04c21cEa7EBD822934b5"),
    address!("6330A553Fc93768F612722BB8c2eC78aC90B3bbc"),
    address!("5AEDA56215b167893e80B4fE645BA6d5Bab767DE"),
];

/// Whether the key of this address is public knowledge.
pub(super) fn is_known(address: &Address) -> bool {
    KNOWN.contains(address)
}
