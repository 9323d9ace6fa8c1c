//! Reads the transaction of a payment: a transfer of one token that its payer has signed and the facilitator, which pays
//! the fee, has not (x402, scheme `exact` on Solana).
//!
//! A transaction has one accepted form, the one that the scheme describes: two instructions of the compute budget, one
//! `TransferChecked` of the SPL Token program, and then memos and assertions of wallets. Everything else is refused, also
//! what a chain would accept: a nonce account would keep it valid for good, and a lookup table would hide its accounts.

use alloy_primitives::{B256, hex};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::chain::solana::address::SolanaAddress;

/// The longest transaction that the network takes, bytes.
const TRANSACTION_BYTES_MAX: usize = 1_232;
/// The longest memo that is read, bytes.
const MEMO_BYTES_MAX: usize = 256;
const SIGNATURE_BYTES: usize = 64;
const INSTRUCTIONS_MAX: usize = 7;
/// Accounts of a `TransferChecked`: source, mint, destination, and the authority, which signs.
const TRANSFER_ACCOUNTS: usize = 4;

const COMPUTE_BUDGET: &str = "ComputeBudget111111111111111111111111111111";
const TOKEN: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
const MEMO: &str = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr";
/// Assertions that a wallet adds for its own safety. They move nothing.
const LIGHTHOUSE: &str = "L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95";

const SET_COMPUTE_UNIT_LIMIT: u8 = 2;
const SET_COMPUTE_UNIT_PRICE: u8 = 3;
const TRANSFER_CHECKED: u8 = 12;
const USDC_DECIMALS: u8 = 6;

/// The payment in a transaction. Its signatures are not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SolanaTransfer {
    /// SHA-256 of the message, which is everything that is signed: the identity of the payment.
    pub digest: B256,
    /// SHA-256 of the signatures apart from the fee payer's, hex.
    pub signature_digest: String,
    pub fee_payer: SolanaAddress,
    /// Who may spend the tokens, and signs.
    pub payer: SolanaAddress,
    /// The token account that gets the tokens. Whose it is, is not known here.
    pub destination: SolanaAddress,
    pub mint: SolanaAddress,
    /// In the smallest unit of the token.
    pub amount: u64,
    /// The text of the only memo.
    pub memo: String,
    /// The recent block that bounds its validity.
    pub blockhash: SolanaAddress,
}

/// Why a transaction is no payment. The text is an x402 reason code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTransfer {
    /// Not base64 in its one spelling, too long, or not a whole transaction.
    #[error("invalid_exact_svm_payload_transaction_could_not_be_decoded")]
    Unreadable,
    /// Other instructions than the scheme has, or in another order.
    #[error("invalid_exact_svm_payload_transaction_instructions_length")]
    Instructions,
    /// No transfer of the SPL Token program where it should be.
    #[error("invalid_exact_svm_payload_no_transfer_instruction")]
    NoTransfer,
    /// The fee payer is to pay for the purchase.
    #[error("invalid_exact_svm_payload_transaction_fee_payer_transferring_funds")]
    FeePayerPays,
    /// An instruction after the transfer that is neither memo nor assertion.
    #[error("invalid_exact_svm_payload_unknown_optional_instruction")]
    Unknown,
    /// Not exactly one memo.
    #[error("invalid_exact_svm_payload_memo_count")]
    Memo,
}

/// A message, taken apart.
struct Message<'a> {
    signers: usize,
    keys: Vec<SolanaAddress>,
    blockhash: SolanaAddress,
    instructions: Vec<Instruction<'a>>,
}

struct Instruction<'a> {
    program: usize,
    accounts: &'a [u8],
    data: &'a [u8],
}

impl SolanaTransfer {
    /// Reads a transaction in base64.
    ///
    /// # Errors
    ///
    /// [`NoTransfer`] says what is wrong first.
    pub fn read(text: &str) -> Result<Self, NoTransfer> {
        let (signatures, bytes) = split(text).ok_or(NoTransfer::Unreadable)?;
        let message = Message::read(&bytes).ok_or(NoTransfer::Unreadable)?;
        if signatures.len() != message.signers.saturating_mul(SIGNATURE_BYTES) {
            return Err(NoTransfer::Unreadable);
        }
        let [limit, price, transfer, rest @ ..] = message.instructions.as_slice() else {
            return Err(NoTransfer::Instructions);
        };
        let is_budget = |one: &Instruction<'_>, kind: u8| {
            message.is_of(one, COMPUTE_BUDGET) && one.data.first() == Some(&kind)
        };
        if !is_budget(limit, SET_COMPUTE_UNIT_LIMIT)
            || !is_budget(price, SET_COMPUTE_UNIT_PRICE)
            || message.instructions.len() > INSTRUCTIONS_MAX
        {
            return Err(NoTransfer::Instructions);
        }
        let (amount, accounts) = message.transfer(transfer).ok_or(NoTransfer::NoTransfer)?;
        let [_, mint, destination, payer] = accounts;
        let fee_payer = *message.keys.first().ok_or(NoTransfer::Unreadable)?;
        if payer == fee_payer {
            return Err(NoTransfer::FeePayerPays);
        }
        let memo = message.only_memo(rest)?;
        // The facilitator puts its signature in the first place, whatever stands there.
        let signed = signatures.get(SIGNATURE_BYTES..).unwrap_or_default();
        Ok(Self {
            digest: digest(&bytes),
            signature_digest: hex::encode(Sha256::digest(signed)),
            fee_payer,
            payer,
            destination,
            mint,
            amount,
            memo,
            blockhash: message.blockhash,
        })
    }
}

/// The identity of the message in a transaction, as the network returns it (base64); `None` if that is none.
#[must_use]
pub fn digest_of(text: &str) -> Option<B256> {
    split(text).map(|(_, message)| digest(&message))
}

fn digest(message: &[u8]) -> B256 {
    B256::from_slice(&Sha256::digest(message))
}

/// The signatures of a transaction, and its message.
fn split(text: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    if text.len() > TRANSACTION_BYTES_MAX.div_ceil(3).saturating_mul(4) {
        return None;
    }
    let bytes = STANDARD.decode(text).ok()?;
    if bytes.len() > TRANSACTION_BYTES_MAX {
        return None;
    }
    let mut rest = Reader(&bytes);
    let count = rest.count()?;
    let signatures = rest.take(count.checked_mul(SIGNATURE_BYTES)?)?.to_vec();
    let Reader(message) = rest;
    Some((signatures, message.to_vec()))
}

impl<'a> Message<'a> {
    /// `None` if it is not exactly one message of the legacy form or of version 0 without lookup tables.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        /// The bit of a message that names its version.
        const VERSIONED: u8 = 0x80;
        let mut rest = Reader(bytes);
        let first = rest.byte()?;
        let has_lookups = first == VERSIONED;
        let signers = if has_lookups { rest.byte()? } else { first };
        if signers >= VERSIONED {
            return None;
        }
        let _read_only: &[u8] = rest.take(2)?;
        let keys = (0..rest.count()?).map(|_| rest.address()).collect::<Option<Vec<_>>>()?;
        let blockhash = rest.address()?;
        let instructions =
            (0..rest.count()?).map(|_| rest.instruction()).collect::<Option<Vec<_>>>()?;
        let is_whole = !has_lookups || rest.count()? == 0;
        let Reader(rest) = rest;
        let signers = usize::from(signers);
        let is_whole = is_whole && rest.is_empty() && (1..=keys.len()).contains(&signers);
        is_whole.then_some(Self { signers, keys, blockhash, instructions })
    }

    fn is_of(&self, instruction: &Instruction<'_>, program: &str) -> bool {
        self.keys.get(instruction.program).is_some_and(|key| key.to_string() == program)
    }

    /// Amount and accounts, if it is a transfer of USDC's decimals by one who signs.
    fn transfer(&self, one: &Instruction<'_>) -> Option<(u64, [SolanaAddress; TRANSFER_ACCOUNTS])> {
        let (kind, rest) = one.data.split_first()?;
        let (amount, decimals) = rest.split_first_chunk::<8>()?;
        let is_transfer = self.is_of(one, TOKEN)
            && *kind == TRANSFER_CHECKED
            && decimals == [USDC_DECIMALS]
            && one.accounts.last().is_some_and(|signer| usize::from(*signer) < self.signers);
        let accounts = one.accounts.iter().map(|at| self.keys.get(usize::from(*at)).copied());
        let accounts = accounts.collect::<Option<Vec<_>>>()?.try_into().ok()?;
        is_transfer.then_some((u64::from_le_bytes(*amount), accounts))
    }

    fn only_memo(&self, rest: &[Instruction<'_>]) -> Result<String, NoTransfer> {
        let mut memos = Vec::new();
        for one in rest {
            if self.is_of(one, MEMO) {
                memos.push(one.data);
            } else if !self.is_of(one, LIGHTHOUSE) {
                return Err(NoTransfer::Unknown);
            }
        }
        let [memo] = memos.as_slice() else { return Err(NoTransfer::Memo) };
        let memo = Some(memo).filter(|memo| memo.len() <= MEMO_BYTES_MAX);
        let memo = memo.and_then(|memo| std::str::from_utf8(memo).ok());
        memo.map(str::to_owned).ok_or(NoTransfer::Memo)
    }
}

/// What is left of the bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A compact-u16 in its shortest spelling. Three bytes would be more than a transaction holds.
    fn count(&mut self) -> Option<usize> {
        const MORE: u8 = 0x80;
        let low = self.byte()?;
        if low < MORE {
            return Some(usize::from(low));
        }
        let high = self.byte().filter(|high| (1..MORE).contains(high))?;
        let (high, low) = (usize::from(high), usize::from(low & !MORE));
        Some(high.saturating_mul(usize::from(MORE)).saturating_add(low))
    }

    fn address(&mut self) -> Option<SolanaAddress> {
        let bytes = self.take(32)?.try_into().ok()?;
        Some(SolanaAddress::from_bytes(bytes))
    }

    fn instruction(&mut self) -> Option<Instruction<'a>> {
        let program = usize::from(self.byte()?);
        let accounts = self.count()?;
        let accounts = self.take(accounts)?;
        let length = self.count()?;
        Some(Instruction { program, accounts, data: self.take(length)? })
    }
}
