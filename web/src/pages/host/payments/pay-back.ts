// Paying guests back: the payout wallet signs one transfer for each refund, and the server has them carried out.
import type { Paying, ToSign } from "../../../api/types";
import { isSameAddress } from "../../../base/address";
import { moneyText } from "../../../parts";
import { signerFor } from "../../../session";
import { Rejected, connectProvider, foundWallets, isTypedData, type BrowserWallet } from "../../../wallet";
import type { Message } from "../shared/outcome";
import * as api from "./api";

type Progress = (done: number, of: number) => void;
type Run = <T>(request: () => Promise<T>) => Promise<T>;

/** Signs what is offered, at most 20 refunds, and hands it over. Throws if nothing could be signed. */
export async function payBack(run: Run, progress: Progress): Promise<Message> {
  const offered = await run(api.offerRefunds);
  if (offered.toSign.length === 0) return { kind: "warn", text: offered.message };
  const wallet = await payoutWallet(offered.from);
  if (wallet === null)
    throw new Error(
      "Your payout wallet is not in this browser. Open this page in the browser that has it, or send the money in another way and say so below.",
    );
  const signatures: api.SignedRefund[] = [];
  let declined: unknown = null;
  for (const refund of offered.toSign) {
    progress(signatures.length, offered.toSign.length);
    try {
      signatures.push(await signed(wallet, refund));
    } catch (reason) {
      declined = reason;
      break;
    }
  }
  if (signatures.length === 0) throw declined;
  const answer = await run(() => api.sendRefunds(signatures));
  return outcome(answer, offered, declined);
}

/** Says that a refund was paid in another way. Throws if the server does not take that. */
export async function reportPaid(run: Run, refundId: string, transaction: string): Promise<Message> {
  const { taken } = await run(() => api.reportRefund(refundId, transaction));
  const [one] = taken;
  if (one !== undefined && !one.success) throw new Error(one.message);
  return { kind: "ok", text: "The transaction is being looked for. The state below says when it is found." };
}

async function signed(wallet: BrowserWallet, { refundId, validBefore, typedData }: ToSign) {
  if (!isTypedData(typedData)) throw new Error("There is nothing to sign. Try again.");
  return { refundId, validBefore, signature: await wallet.signTypedData(typedData) };
}

/** The wallet that hosts are paid at, if this browser has it. A wallet that this page does not know yet is asked. */
async function payoutWallet(address: string): Promise<BrowserWallet | null> {
  const known = await signerFor(address);
  if (known !== null) return known;
  for (const found of foundWallets()) {
    const wallet = await connectProvider(found).catch(() => null);
    if (wallet !== null && isSameAddress(wallet.address, address)) return wallet;
  }
  return null;
}

function outcome({ taken }: Paying, { toSign }: Paying, declined: unknown): Message {
  const [refused] = taken.filter(({ success }) => !success);
  const isSent = new Set(taken.filter(({ success }) => success).map(({ refundId }) => refundId));
  const sent = toSign.filter(({ refundId }) => isSent.has(refundId));
  const guests = sent.length === 1 ? "1 guest" : `${sent.length} guests`;
  const text =
    sent.length === 1
      ? `${moneyText(sent[0]?.amount ?? "0")} is on its way to 1 guest.`
      : `The money is on its way to ${guests}.`;
  if (refused !== undefined) return { kind: "warn", text: `${text} Not sent: ${refused.message}.` };
  if (declined instanceof Rejected)
    return { kind: "warn", text: `${text} You declined the next one in the wallet; nothing else was sent.` };
  if (declined !== null)
    return { kind: "warn", text: `${text} The wallet did not sign the next one; nothing else was sent.` };
  return { kind: "ok", text };
}
