//! Registration of a host, and changes of its payout wallet.

use alloy_primitives::Address;
use serde::Deserialize;

use crate::base::code::Code;
use crate::base::http::Reply;
use crate::chain::rpc::Rpc;
use crate::chain::solana::address::SolanaAddress;
use crate::host::command::Command;
use crate::host::object::Object;
use crate::host::views::Registered;
use crate::identity::UserId;
use crate::ledger::payments;
use crate::ports::World;
use crate::rails::outcome::{Abort, Failure};
use crate::shop::profile::Profile;
use crate::shop::registry::Products;
use crate::wallets;
use crate::wallets::smart::SmartWallet;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Registration {
    user_id: String,
    wallet_address: Option<String>,
    /// Empty to take no payments on Solana any more.
    solana_address: Option<String>,
    #[serde(alias = "doors")]
    products: Option<Vec<String>>,
}

/// Registers the host, or changes the payout wallet.
pub async fn register(
    object: &Object<'_, impl World>,
    command: &Command,
    body: &[u8],
) -> Result<Reply, Failure> {
    let caller = command.user.as_ref().filter(|_| command.is_owner());
    let caller = caller.ok_or_else(Abort::not_owner)?;
    let input: Registration = crate::sale::request::read_body(body)?;
    let user_id =
        UserId::parse(&input.user_id).map_err(|error| invalid("userId", &error.to_string()))?;
    let user_id = own_id(&user_id, &caller.user)?;
    let wallet = wallet_of(object, &input, &user_id).await?;
    let wallet = wallet.ok_or_else(|| invalid("walletAddress", "is missing"))?;
    if wallet.is_zero() {
        return Err(invalid("walletAddress", "must not be the zero address"));
    }
    let solana = input.solana_address.as_deref().map(read_solana).transpose()?;
    let products = input.products.map(|products| read_products(&products)).transpose()?;
    // Read after the wallet was created: a concurrent request may have registered meanwhile.
    let known = object.profile()?;
    let known = known.as_ref();
    object.create_storage()?;
    let now = object.world.now();
    let moves = known.is_some_and(|known| known.wallet != wallet);
    let known_solana = known.and_then(|known| known.solana);
    let solana = solana.unwrap_or(known_solana);
    let moves_solana = solana != known_solana;
    if (moves || (moves_solana && known.is_some())) && !caller.fresh {
        let detail = "changing the payout wallet needs a sign-in of the last 10 minutes; sign in again and repeat";
        return Err(Abort::new(Code::SignInAgain, detail).into());
    }
    let profile = Profile {
        user_id,
        scope: command.scope.clone(),
        wallet,
        solana,
        products: products.or(known.map(|known| known.products)).unwrap_or_default(),
        words: known.map(|known| known.words.clone()).unwrap_or_default(),
        listed: known.map(|known| known.listed).unwrap_or_default(),
        created_at: known.map_or(now, |known| known.created_at),
        updated_at: now,
    };
    if known.is_none_or(|known| moves || moves_solana || known.products != profile.products) {
        object.world.atomically(|| {
            if moves_solana {
                let address = solana.map(|address| address.to_string());
                let address = address.unwrap_or_else(|| "none".to_owned());
                payments::note(object.world, "solana_payout_set", &address, now)?;
            }
            if known.is_none() || moves {
                payments::note(object.world, "payout_set", &wallet.to_checksum(None), now)?;
            }
            profile.save(object.world)
        })?;
    }
    let (status, message) = match (known.is_some(), moves) {
        (false, _) => (201, "Your server is ready: give its URL to any MCP client."),
        (true, true) => (200, "The payout wallet was changed."),
        (true, false) if moves_solana => (200, "The payout address on Solana was changed."),
        (true, false) => (200, "You are registered with this wallet already."),
    };
    let answer = Registered {
        name: format!("events-{}", profile.scope.as_str().get(..8).unwrap_or_default()),
        mcp_url: object.cx(&profile.scope).server_url(),
        wallet_address: profile.wallet.to_checksum(None),
        solana_address: profile.solana.map(|address| address.to_string()),
        url_safe_id: profile.scope.to_string(),
        message,
    };
    Ok(Reply { status, ..crate::sale::request::ok(&answer) })
}

/// The payout wallet of a registration. A host that changes its address on Solana only keeps the wallet.
async fn wallet_of(
    object: &Object<'_, impl World>,
    input: &Registration,
    user: &UserId,
) -> Result<Option<Address>, Failure> {
    if let Some(text) = &input.wallet_address {
        return read_wallet(text).map(Some);
    }
    match object.profile()? {
        Some(known) if input.solana_address.is_some() => Ok(Some(known.wallet)),
        Some(_) | None => own_wallet(object, user).await,
    }
}

/// The payout wallet of a host that names none: the address it signed in with, the wallet it has already, a Crossmint
/// wallet, or, on the local chain, one of our smart wallets. The last two also pay in the same user's guest sessions,
/// so that earnings can be spent.
async fn own_wallet(
    object: &Object<'_, impl World>,
    user: &UserId,
) -> Result<Option<Address>, Failure> {
    if let Some(address) = user.wallet() {
        check_is_everywhere(object, user)?;
        return Ok(Some(address));
    }
    if let Some(known) = object.profile()? {
        return Ok(Some(known.wallet));
    }
    let owner = wallets::owner_of_user(user);
    let config = object.config;
    if let Some(crossmint) = &config.crossmint {
        let made = crossmint.create_wallet(object.world, &wallets::opaque(&owner)).await;
        return made.map(|made| Some(made.address)).map_err(|error| no_wallet(&error));
    }
    let rpc = config.networks.first().and_then(|network| config.rpc_urls.get(network.caip2));
    let factory = config.smart_wallet_factory.filter(|_| config.is_local());
    let (Some(factory), Some(url)) = (factory, rpc) else { return Ok(None) };
    let smart = SmartWallet::derive(&config.keys, &owner, factory);
    let address = smart.address(object.world, &Rpc { url: url.clone() }).await;
    address.map(Some).map_err(|error| no_wallet(&error))
}

/// A contract wallet is proven on its own chain only, and guests choose the network they pay on.
fn check_is_everywhere(object: &Object<'_, impl World>, user: &UserId) -> Result<(), Failure> {
    let Some(chain_id) = user.contract_chain() else { return Ok(()) };
    let Some(other) = object.config.networks.iter().find(|one| one.chain_id != chain_id) else {
        return Ok(());
    };
    let remedy = format!(
        "is missing; you signed in with a contract wallet, and guests may also pay on {}: name an address that is yours there too",
        other.name
    );
    Err(invalid("walletAddress", &remedy))
}

/// The products with these names.
pub(super) fn read_products(names: &[String]) -> Result<Products, Failure> {
    Products::parse(names.iter().map(String::as_str)).ok_or_else(|| {
        invalid("products", "must be a list of one or more of \"events\", \"vault\" and \"desk\"")
    })
}

/// The identity named in a registration. It must be the signed-in one; the chain of a contract wallet may be left
/// out.
fn own_id(named: &UserId, signed_in: &UserId) -> Result<UserId, Failure> {
    let is_plain = named.contract_chain().is_none() && named.wallet().is_some();
    if named == signed_in || (is_plain && named.wallet() == signed_in.wallet()) {
        return Ok(signed_in.clone());
    }
    let detail = format!(
        "userId: you are signed in as another user; sign in with this identity, or send yours, which is {signed_in}"
    );
    Err(Abort::new(Code::NotYours, detail).into())
}

fn read_wallet(text: &str) -> Result<Address, Failure> {
    let remedy = "must be an Ethereum address such as 0x…40 hex digits";
    text.trim().parse().map_err(|_| invalid("walletAddress", remedy))
}

/// `None`: no payments on Solana.
fn read_solana(text: &str) -> Result<Option<SolanaAddress>, Failure> {
    let remedy = "must be an address on Solana (32 to 44 letters and digits) of the wallet itself, not of its token account; leave it empty for no payments there";
    match text.trim() {
        "" => Ok(None),
        text => SolanaAddress::parse(text)
            .filter(|address| !address.is_zero())
            .map(Some)
            .ok_or_else(|| invalid("solanaAddress", remedy)),
    }
}

fn no_wallet(error: &impl std::fmt::Display) -> Failure {
    let detail = format!(
        "no payout wallet could be made ({error}); try again, or name your own walletAddress"
    );
    Abort::new(Code::WalletUnavailable, detail).into()
}

fn invalid(field: &str, remedy: &str) -> Failure {
    Abort::new(Code::InvalidArguments, format!("{field}: {remedy}")).into()
}
