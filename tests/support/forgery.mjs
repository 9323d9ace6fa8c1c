// Payments that were good, with something changed in them.
import { concat, hexToBigInt, numberToHex, parseErc6492Signature, serializeErc6492Signature, size, slice } from "viem";

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

export const withSignature = (one, signature) => ({
  ...one,
  payment: { ...one.payment, payload: { ...one.payment.payload, signature } },
});

/** Another signature inside, and the same call of the factory around it if there was one. */
export function changeSignature(one, change) {
  const { address, data, signature } = parseErc6492Signature(one.payment.payload.signature);
  const inner = change(signature);
  return withSignature(one, address ? serializeErc6492Signature({ address, data, signature: inner }) : inner);
}

/** The same signature inside another call of a factory, or inside one at all. */
export function changeFactory(one, call) {
  const { signature } = parseErc6492Signature(one.payment.payload.signature);
  return withSignature(one, serializeErc6492Signature({ ...call, signature }));
}

/** Without what ERC-6492 puts around it. */
export const unwrap = (one) => withSignature(one, parseErc6492Signature(one.payment.payload.signature).signature);

/** Flips a bit of r, wherever in a wallet's signature the 65 bytes of its owner are. */
export function tamper(signature) {
  const at = size(signature) > 66 ? 10 : size(signature) - 60;
  const flipped = numberToHex(hexToBigInt(slice(signature, at, at + 1)) ^ 1n, { size: 1 });
  return concat([slice(signature, 0, at), flipped, slice(signature, at + 1)]);
}

/** The last byte of a key's signature, `v`, is `added` to. */
export function addToV(signature, added) {
  const v = hexToBigInt(slice(signature, 64)) + added;
  return concat([slice(signature, 0, 64), numberToHex(v, { size: 1 })]);
}

/** The other one of the two signatures that a key's signature stands for: USDC takes only one of them. */
export function highS(signature) {
  const [r, s, v] = [slice(signature, 0, 32), hexToBigInt(slice(signature, 32, 64)), hexToBigInt(slice(signature, 64))];
  return concat([r, numberToHex(CURVE_ORDER - s, { size: 32 }), numberToHex(55n - v, { size: 1 })]);
}

/** Says something else in the requirements. */
export const ask = ({ requirements, ...one }, changes) => ({ ...one, requirements: { ...requirements, ...changes } });

/** Says something else in the payment, about what it is for. */
export function offer({ payment, ...one }, changes) {
  const { accepted } = payment;
  const terms = accepted ? { accepted: { ...accepted, ...changes } } : changes;
  return { ...one, payment: { ...payment, ...terms } };
}

/** A copy of all of it: the official client puts one object into several places. */
export const copyOf = (value) => JSON.parse(JSON.stringify(value));

/** A copy that lacks what is at the end of the path. */
export function without(value, ...path) {
  const copied = copyOf(value);
  const key = path.pop();
  delete path.reduce((inner, name) => inner[name], copied)[key];
  return copied;
}
