import { Time } from "../../parts";
import { useSession, type Exchange } from "../../session";
import { lengthOf, stepsOf } from "./steps";

/** A paid call from the question to the answer: when it began, and how long each step took. */
export function PaySteps({ exchange }: { exchange: Exchange }) {
  const exchanges = useSession((state) => state.exchanges);
  const log = useSession((state) => state.log);
  const steps = stepsOf(exchange, exchanges, log);
  if (steps.length === 0) return null;
  return (
    <ol className="pay-steps" aria-label="Steps of the paid call">
      {steps.map(({ name, at }, place) => {
        const before = steps[place - 1];
        return (
          <li key={name}>
            <strong>{name}</strong>
            <span className="second">
              {before === undefined ? <Time at={at} show="time" /> : lengthOf(at - before.at)}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
