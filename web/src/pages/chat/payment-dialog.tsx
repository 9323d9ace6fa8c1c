import { Fragment } from "react";
import { networkName } from "../../api/networks";
import { useSettings } from "../../api/settings";
import {
  Button,
  EventCover,
  Dialog,
  Face,
  Hash,
  Icon,
  Json,
  Money,
  Notice,
  moneyText,
  safeLink,
  visible,
} from "../../parts";
import { usePurpose, type Purpose } from "../../purchase/purpose";
import { answer, useSession, type Question } from "../../session";
import { Short, useMissing } from "./short";
import { SpentSoFar } from "./spent";
import { walletName } from "./wallet-name";

/** Asks whether to pay, in words. Nothing is signed before "Pay"; Esc declines. */
export function PaymentDialog({ question }: { question: Question }) {
  const isOpen = useSession((state) => state.link === "open");
  const waiting = useSession((state) => state.questions.length);
  const purpose = usePurpose(question);
  const decline = () => void answer(question.confirmationId, false);
  const price = moneyText(question.amountUsd);
  const missing = useMissing(question);
  return (
    <Dialog
      title={purpose.title}
      onCancel={decline}
      sheet={{ lead: <Lead purpose={purpose} />, under: <p>{inOneLine(purpose, price)}</p> }}
      actions={
        <div className="question-actions">
          <Button kind="ghost" size="large" onClick={decline} disabled={!isOpen}>
            Not now
          </Button>
          <Button
            kind="primary"
            size="large"
            disabled={!isOpen || missing !== null}
            onClick={() => void answer(question.confirmationId, true)}
          >
            {missing === null ? `Pay ${price}` : `Waiting for ${moneyText(missing)}`}
          </Button>
        </div>
      }
    >
      {!isOpen && (
        <Notice kind="error">The connection was lost. Nothing is paid; answer after reconnecting.</Notice>
      )}
      <Bought why={question.why} />
      <Sends purpose={purpose} />
      {purpose.note !== null && <Notice>{purpose.note}</Notice>}
      <p>
        {missing === null && "Shall I pay?"}
        {waiting > 1 &&
          ` ${waiting - 1} more ${waiting === 2 ? "question waits" : "questions wait"} after this one.`}
      </p>
      <Payer />
      {missing !== null && <Short missing={missing} />}
      <Says purpose={purpose} />
      <Details question={question} />
    </Dialog>
  );
}

function Lead({ purpose: { seed, cover, sends, isOurs } }: { purpose: Purpose }) {
  if (seed !== null && isOurs) {
    return (
      <div className="sheet-cover">
        <EventCover id={seed} path={cover} cut="square" />
      </div>
    );
  }
  return (
    <span className="icon-tile">
      <Icon name={!isOurs ? "alert" : sends.length > 0 ? "chat" : "lock"} />
    </span>
  );
}

/** "Sat 12 Dec, 18:30 · 1 seat · $0.05 to Ada's events". */
function inOneLine({ facts, to }: Purpose, price: string): string {
  return [...facts, `${price} to ${to}`].join(" · ");
}

/** The wallet has bought this before: the Guest says so with the link of the ticket. */
function Bought({ why }: { why: string }) {
  const ticket = safeLink(/https?:\/\/[^\s,;]+/.exec(why)?.[0]);
  if (ticket === null) return null;
  return (
    <Notice
      kind="warn"
      actions={
        <a
          className="button button-plain button-small"
          href={ticket}
          target="_blank"
          rel="noreferrer noopener"
        >
          Show ticket
        </a>
      }
    >
      You already have a seat with this wallet. Paying buys another one.
    </Notice>
  );
}

function Payer() {
  const wallet = useSession((state) => state.wallet);
  if (wallet === null) return null;
  return (
    <p className="question-wallet">
      <Face seed={wallet.guestAddress} />
      <span>
        {walletName(wallet.kind)}
        {wallet.balance !== null && (
          <>
            , <Money dollars={wallet.balance} />
          </>
        )}
      </span>
    </p>
  );
}

/** What goes to the host with the payment. */
function Sends({ purpose: { sends } }: { purpose: Purpose }) {
  if (sends.length === 0) return null;
  return (
    <section aria-label="What you send">
      <dl className="sends">
        {sends.map(({ what, text }) => (
          <Fragment key={what}>
            <dt>{what}</dt>
            <dd>{text}</dd>
          </Fragment>
        ))}
      </dl>
    </section>
  );
}

/** The words of another server, set apart: they are a stranger's. */
function Says({ purpose: { says } }: { purpose: Purpose }) {
  if (says.length === 0) return null;
  return (
    <section className="stack-tight" aria-label="The server says">
      <p className="second">The server says (nobody has checked it):</p>
      {says.map(({ what, text }) => (
        <blockquote key={what} className="quote">
          <span className="visually-hidden">{what}: </span>
          {text}
        </blockquote>
      ))}
    </section>
  );
}

function Details({ question }: { question: Question }) {
  const { settings } = useSettings();
  return (
    <details className="pay-details">
      <summary>Details</summary>
      <div className="stack-tight">
        <dl className="facts">
          <dt>Amount</dt>
          <dd>
            <Money dollars={question.amountUsd} /> in USDC{" "}
            {typeof question.amount === "string" && (
              <span className="quiet small">({question.amount} atomic units)</span>
            )}
          </dd>
          <dt>Paid to</dt>
          <dd>
            <Hash value={question.payTo} full what="recipient" />
          </dd>
          <dt>Network</dt>
          <dd>
            {networkName(settings, question.network)}{" "}
            <span className="quiet small">({question.network})</span>
          </dd>
          <dt>Tool</dt>
          <dd className="mono">{visible(question.tool)}</dd>
          <dt>Server</dt>
          <dd className="mono">{visible(question.mcpUrl)}</dd>
          <dt>Asked because</dt>
          <dd>{visible(question.why)}</dd>
          <dt>Your limits</dt>
          <dd>
            <SpentSoFar />
          </dd>
        </dl>
        <h3>Arguments</h3>
        <Json value={question.arguments} label="Arguments of the call" />
        <h3>What the server asks for</h3>
        {question.resource !== undefined && (
          <Json value={question.resource} label="What is paid for, in the server’s words" />
        )}
        <Json value={question.requirements} label="Payment requirements of the server" />
      </div>
    </details>
  );
}
