import { useState } from "react";
import { Button } from "./button";
import { CopyButton } from "./copy";
import { visible } from "./visible";

/** The value of a bought secret: dots until it is to be shown. */
export function SecretValue({ value, title }: { value: string; title: string }) {
  const [isShown, setIsShown] = useState(false);
  return (
    <div className="stack-tight">
      <pre className="json" tabIndex={0} role="group" aria-label={`Value of ${title}`}>
        {isShown ? visible(value) : "••••••••••••"}
      </pre>
      <div className="row">
        <Button
          size="small"
          pressed={isShown}
          label={`Show the value of ${title}`}
          onClick={() => setIsShown(!isShown)}
        >
          Show
        </Button>
        <CopyButton text={value} what={`the value of ${title}`} />
        <span className="small quiet">Copy it now: this page forgets it with the next load.</span>
      </div>
    </div>
  );
}
