import { CopyButton } from "../../parts";
import { LANGUAGES, copyAs, type Call } from "./copy-as";

/** Copies the call in each language; `name` tells it from others. */
export function CopyAs({ call, name }: { call: Call; name: string }) {
  return (
    <div className="row" role="group" aria-label={`Copy ${name}`}>
      <span className="second">Copy as</span>
      {LANGUAGES.map((language) => (
        <CopyButton
          key={language}
          text={copyAs(language, call)}
          label={language}
          what={`as code of ${name}`}
        />
      ))}
    </div>
  );
}
