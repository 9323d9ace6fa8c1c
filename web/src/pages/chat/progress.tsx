// The requests under way. Their steps are in the developer panel.
import { useMemo } from "react";
import { Button, Spinner } from "../../parts";
import { answer, signNow, useSession, type Running } from "../../session";

export function Progress() {
  const running = useSession((state) => state.running);
  const questions = useSession((state) => state.questions);
  const shown = useMemo(() => {
    const paid = new Set(running.filter(({ what }) => what === "payment").map(({ tool }) => tool));
    const asked = new Set(questions.map(({ tool }) => tool));
    // A call that is being paid for is shown as a payment, and a question about it by its dialog.
    const isShown = (one: Running) => one.what !== "call" || !(paid.has(one.tool) || asked.has(one.tool));
    return running.filter(isShown);
  }, [running, questions]);
  return (
    <div className="progress-list">
      {shown.map((one) => (
        <div key={one.id} className="progress">
          <div className="row">
            <Spinner />
            <strong>{one.title}…</strong>
          </div>
          {one.what === "payment" && <Signing id={one.id} />}
        </div>
      ))}
    </div>
  );
}

function Signing({ id }: { id: string }) {
  const waits = useSession((state) => state.signRequests.find(({ requestId }) => requestId === id));
  const isOpen = useSession((state) => state.link === "open");
  if (waits === undefined) {
    return <p className="small quiet">The payment goes on even if you close this page.</p>;
  }
  return (
    <div className="stack-tight">
      <p>Your wallet is asked for a signature. Without it nothing is paid.</p>
      <div className="row">
        <Button size="small" disabled={!isOpen} onClick={() => void signNow(waits)}>
          Ask the wallet again
        </Button>
        <Button size="small" disabled={!isOpen} onClick={() => void answer(id, false)}>
          Do not pay
        </Button>
      </div>
    </div>
  );
}
