//! The wallets that a session can pay with.

use alloy_primitives::{Address, Bytes};

use crate::base::money::Usdc;
use crate::chain::eip3009::{Authorization, digest};
use crate::chain::rpc::RpcError;
use crate::guest::messages::Out;
use crate::guest::purchases::Purchase;
use crate::guest::store::ChosenWallet;
use crate::guest::{Guest, GuestWorld, Trouble, store};
use crate::ports::SqlError;
use crate::rails::x402::payer::{self, Offer};
use crate::wallets::crossmint::CrossmintWallet;
use crate::wallets::smart::SmartWallet;
use crate::wallets::{self, Kind, WalletInfo, browser};

impl<W: GuestWorld> Guest<W> {
    /// Pays with this wallet from now on.
    pub(super) async fn use_wallet(
        &self,
        kind: Kind,
        address: Option<&str>,
    ) -> Result<(), Trouble> {
        let chosen = match kind {
            Kind::Browser => {
                let address: Option<Address> = address.and_then(|text| text.parse().ok());
                let address = address.ok_or_else(|| {
                    Trouble::Said("address: must be the wallet's Ethereum address".to_owned())
                })?;
                ChosenWallet { kind, address, locator: None, deployed: false }
            }
            Kind::Smart => self.smart_wallet().await?,
            Kind::Crossmint => self.crossmint_wallet().await?,
        };
        store::set_wallet(&self.world, &chosen)?;
        self.look_at_wallet().await
    }

    /// What is known of the wallet without asking the chain.
    pub(super) fn known_wallet(&self) -> Result<Option<WalletInfo>, SqlError> {
        let wallet = store::wallet(&self.world)?;
        Ok(wallet.and_then(|wallet| self.info(&wallet, None, None)))
    }

    /// Looks at the wallet on the chain, and says what it sees.
    pub(super) async fn look_at_wallet(&self) -> Result<(), Trouble> {
        let Some(wallet) = store::wallet(&self.world)? else { return Ok(()) };
        let Some(network) = self.config.networks.first() else { return Ok(()) };
        let Some(rpc) = self.rpc_of(network.caip2) else { return Ok(()) };
        let balance = wallets::usdc_balance(&self.world, &rpc, network, wallet.address).await.ok();
        let deployed = wallets::is_deployed(&self.world, &rpc, wallet.address).await.ok();
        if wallet.kind != Kind::Browser && deployed == Some(true) && !wallet.deployed {
            self.world.atomically(|| {
                let deployed = ChosenWallet { deployed: true, ..wallet.clone() };
                store::set_wallet(&self.world, &deployed)?;
                let now = self.world.now();
                store::note_deployment(&self.world, wallet.address, network.caip2, now)
            })?;
            self.tell(&Out::WalletDeployed { address: wallet.address.to_checksum(None) });
            self.tell(&self.history_message()?);
        }
        if let Some(info) = self.info(&wallet, deployed, balance) {
            self.tell(&Out::WalletInfo(info));
        }
        Ok(())
    }

    /// A signature of one of our own wallets.
    pub(super) async fn sign_ourselves(
        &self,
        wallet: &ChosenWallet,
        offer: &Offer,
        authorization: &Authorization,
    ) -> Result<Bytes, String> {
        if wallet.kind != Kind::Browser && self.wallet_owner().is_err() {
            return Err("sign in first: a wallet of ours is kept for proven owners only".to_owned());
        }
        match wallet.kind {
            Kind::Browser => Err("this wallet signs elsewhere".to_owned()),
            Kind::Smart => {
                let rpc = self.rpc_of(offer.network.caip2).ok_or("no endpoint")?;
                let smart = self.smart().map_err(|_| "it is not set up any more")?;
                let deployed = wallets::is_deployed(&self.world, &rpc, wallet.address).await;
                let deployed = deployed.map_err(|error| error.to_string())?;
                let digest = digest(offer.network, authorization);
                smart.sign(digest, deployed).ok_or_else(|| "the key cannot sign".to_owned())
            }
            Kind::Crossmint => {
                let crossmint = self.config.crossmint.as_ref().ok_or("Crossmint is not set up")?;
                let typed_data = payer::typed_data(offer, authorization);
                let locator = wallet.locator.clone().unwrap_or_default();
                let wallet = CrossmintWallet { locator, address: wallet.address };
                let signed = crossmint.sign_typed_data(&self.world, &wallet, &typed_data).await;
                let signed = signed.map_err(|error| error.to_string())?;
                // What somebody else has signed for us is looked at before it is used.
                let rpc = self.rpc_of(offer.network.caip2).ok_or("no endpoint")?;
                let digest = digest(offer.network, authorization);
                let factories = &self.config.factories;
                let hex = signed.to_string();
                let checked =
                    browser::check(&self.world, &rpc, factories, wallet.address, digest, &hex);
                checked.await.map_err(|error| error.to_string())
            }
        }
    }

    /// A signature that came from outside, if it is the payer's.
    pub(super) async fn check_signature(
        &self,
        purchase: &Purchase,
        hex: &str,
    ) -> Result<Bytes, Trouble> {
        let not_there = || Trouble::Said("no signature is waited for".to_owned());
        let authorization = purchase.authorization.as_ref().ok_or_else(not_there)?;
        let offer = self.offer_of(purchase).ok_or_else(not_there)?;
        let rpc = self.rpc_of(&purchase.network).ok_or_else(not_there)?;
        let digest = digest(offer.network, authorization);
        let factories = &self.config.factories;
        let signer = authorization.from;
        browser::check(&self.world, &rpc, factories, signer, digest, hex)
            .await
            .map_err(|error| Trouble::Said(error.to_string()))
    }

    async fn smart_wallet(&self) -> Result<ChosenWallet, Trouble> {
        let smart = self.smart()?;
        let network = self.config.networks.first();
        let rpc = network.and_then(|network| self.rpc_of(network.caip2));
        let rpc = rpc.ok_or_else(|| Trouble::Said("no network is set up".to_owned()))?;
        let address = smart.address(&self.world, &rpc).await.map_err(no_chain)?;
        Ok(ChosenWallet { kind: Kind::Smart, address, locator: None, deployed: false })
    }

    async fn crossmint_wallet(&self) -> Result<ChosenWallet, Trouble> {
        let crossmint = self.config.crossmint.as_ref().ok_or_else(|| {
            Trouble::Said("Crossmint wallets are not set up here (CROSSMINT_API_KEY)".to_owned())
        })?;
        // Crossmint need not know who it is.
        let owner = wallets::opaque(&self.wallet_owner()?);
        let wallet = crossmint.create_wallet(&self.world, &owner).await;
        let wallet = wallet.map_err(|error| Trouble::Said(error.to_string()))?;
        let locator = Some(wallet.locator);
        let kind = Kind::Crossmint;
        Ok(ChosenWallet { kind, address: wallet.address, locator, deployed: false })
    }

    fn smart(&self) -> Result<SmartWallet, Trouble> {
        let owner = self.wallet_owner()?;
        let factory = self.config.smart_wallet_factory.ok_or_else(|| {
            Trouble::Said("smart wallets are not set up here (SMART_WALLET_FACTORY)".to_owned())
        })?;
        Ok(SmartWallet::derive(&self.config.keys, &owner, factory))
    }

    fn info(
        &self,
        wallet: &ChosenWallet,
        deployed: Option<bool>,
        balance: Option<Usdc>,
    ) -> Option<WalletInfo> {
        let network = *self.config.networks.first()?;
        let (kind, address) = (wallet.kind, wallet.address);
        Some(WalletInfo { kind, address, host_address: None, network, deployed, balance })
    }

    /// Whose a server-side wallet is: the proven user, or, on the local chain only, whoever has the
    /// session.
    fn wallet_owner(&self) -> Result<String, Trouble> {
        let user = store::owner(&self.world)?.map(|owner| wallets::owner_of_user(&owner.user));
        let session = store::session(&self.world)?.filter(|_| self.config.is_local());
        let session = session.map(|session| wallets::owner_of_session(&session));
        user.or(session).ok_or_else(|| {
            Trouble::Said(
                "sign in first: a wallet of ours is kept for proven owners only".to_owned(),
            )
        })
    }
}

fn no_chain(error: RpcError) -> Trouble {
    Trouble::Said(format!("the wallet cannot be looked at now: {error}"))
}
