import { networkName } from "../../api/networks";
import { useSettings } from "../../api/settings";
import { Button, Dialog, Hash, Json, Money, Notice, moneyText, visible } from "../../parts";
import { answer, useSession, type Question } from "../../session";
import { SpentSoFar } from "./spent";

/** Asks whether to pay. Nothing is signed before "Pay"; Esc declines. */
export function PaymentDialog({ question }: { question: Question }) {
  const isOpen = useSession((state) => state.link === "open");
  const waiting = useSession((state) => state.questions.length);
  const { settings } = useSettings();
  const decline = () => void answer(question.confirmationId, false);
  const price = moneyText(question.amountUsd);
  return (
    <Dialog
      title={`Pay ${price} for ${visible(question.tool)}?`}
      onCancel={decline}
      actions={
        <>
          <Button onClick={decline} disabled={!isOpen}>
            Decline
          </Button>
          <Button
            kind="primary"
            disabled={!isOpen}
            onClick={() => void answer(question.confirmationId, true)}
          >
            Pay {price}
          </Button>
        </>
      }
    >
      {!isOpen && (
        <Notice kind="error">The connection was lost. Nothing is paid; answer after reconnecting.</Notice>
      )}
      <p>
        The server asks to be paid for this call. You are asked because {question.why}.
        {waiting > 1 &&
          ` ${waiting - 1} more ${waiting === 2 ? "question waits" : "questions wait"} after this one.`}
      </p>
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
          {networkName(settings, question.network)} <span className="quiet small">({question.network})</span>
        </dd>
        <dt>Tool</dt>
        <dd className="mono">{visible(question.tool)}</dd>
        <dt>Server</dt>
        <dd className="mono">{visible(question.mcpUrl)}</dd>
        <dt>Your limits</dt>
        <dd>
          <SpentSoFar />
        </dd>
      </dl>
      <div className="stack-tight">
        <h3>Arguments</h3>
        <Json value={question.arguments} label="Arguments of the call" />
      </div>
      <details>
        <summary>What the server asks for, in full</summary>
        <Json value={question.requirements} label="Payment requirements of the server" />
      </details>
    </Dialog>
  );
}
