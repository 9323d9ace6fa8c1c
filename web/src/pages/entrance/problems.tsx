// Tickets that the host should look at.
import type { EntranceProblem } from "../../api/types";
import { Time } from "../../parts";
import "../../style/entrance.css";

/** Who came in that should not have, while a device had no connection. */
export function Problems({ problems }: { problems: readonly EntranceProblem[] }) {
  return (
    <ul className="entrance-guests">
      {problems.map(({ ticket, guest, kind, letIn }) => (
        <li key={`${ticket} ${kind}`}>
          <div>
            <strong className="host-untrusted">{guest ?? "A guest whose ticket is gone"}</strong>
            <p>
              {kind === "twice"
                ? "Let in more than once on one ticket."
                : "The ticket was not valid any more."}
            </p>
            {letIn.map(({ id, at, device }) => (
              <p key={id} className="quiet host-untrusted">
                <Time at={at} /> {device && `on ${device}`}
              </p>
            ))}
          </div>
        </li>
      ))}
    </ul>
  );
}
