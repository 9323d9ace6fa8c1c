import { networkName } from "../../api/networks";
import { useSettings } from "../../api/settings";
import { Hash, Json } from "../../parts";
import type { Host } from "../../purchase/offers";
import type { Question } from "../../session";
import { SpentSoFar } from "../chat/spent";
import type { Wallets } from "./wallets";

type Props = { price: bigint; host: Host; wallets: Wallets; question: Question | null };

/** What the wallet will sign, for those who want to know. */
export function Details({ price, host, wallets, question }: Props) {
  const { settings } = useSettings();
  const network = settings?.networks[0];
  const payTo = question?.payTo ?? host.payTo;
  const from = wallets.chosen?.address ?? null;
  return (
    <details className="pay-details">
      <summary>What your wallet will sign</summary>
      <div className="stack-tight pay-details-text">
        <p className="second">
          One transfer of exactly this sum, which only the host can receive. It ends by itself after a few
          minutes.
        </p>
        <dl className="facts">
          <dt>Amount</dt>
          <dd>{String(price)} millionths of a USDC</dd>
          {network !== undefined && (
            <>
              <dt>Network</dt>
              <dd>{networkName(settings, question?.network ?? network.network)}</dd>
            </>
          )}
          {payTo !== null && (
            <>
              <dt>To</dt>
              <dd>
                <Hash value={payTo} full what="wallet of the host" />
              </dd>
            </>
          )}
          {from !== null && (
            <>
              <dt>From</dt>
              <dd>
                <Hash value={from} full what="your wallet" />
              </dd>
            </>
          )}
          <dt>Your limits</dt>
          <dd>
            <SpentSoFar />
          </dd>
        </dl>
        {question !== null && <Json value={question.requirements} label="What the server asks for" />}
      </div>
    </details>
  );
}
