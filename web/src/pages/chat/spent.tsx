import { Money } from "../../parts";
import { useSession } from "../../session";

/** The limits of the session, and what of them is spent. */
export function SpentSoFar() {
  const known = useSession((state) => state.policy);
  if (known === null) return <span className="quiet">not known yet</span>;
  const { policy, spentSession, spentDay } = known;
  return (
    <ul className="plain-list">
      <li>
        one purchase: at most <Money dollars={policy.perCall} />
      </li>
      <li>
        this session: <Money dollars={spentSession} /> of <Money dollars={policy.perSession} /> spent
      </li>
      <li>
        24 hours: <Money dollars={spentDay} /> of <Money dollars={policy.perDay} /> spent
      </li>
    </ul>
  );
}
