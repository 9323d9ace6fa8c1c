import { useId, useState, type ReactNode } from "react";
import { Button } from "./button";
import { TextField } from "./field";
import "../style/picture.css";
import { shrink, type Crop } from "./picture";

/** What a form does with a picture. `image`: base64 of a JPEG. */
export type PictureChange =
  | { kind: "none" }
  | { kind: "new"; image: string; alt: string }
  | { kind: "words"; alt: string }
  | { kind: "removed" };

type Props = {
  legend: string;
  /** Something above says the same. */
  hideLegend?: boolean;
  /** The picture that is kept now, if there is one. */
  kept: { path: string; alt: string } | null;
  change: PictureChange;
  onChange: (change: PictureChange) => void;
  crop: Crop;
  /** What is shown without a picture. */
  drawn: ReactNode;
  /** Further buttons while there is no picture. */
  more?: ReactNode;
  error?: string | undefined;
};

/** Uploads, shows, describes or removes a picture. */
export function PictureField(props: Props) {
  const { legend, hideLegend = false, kept, change, onChange, crop, drawn, more, error } = props;
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [input, setInput] = useState<HTMLInputElement | null>(null);
  const faultId = useId();
  const shown = shownOf(kept, change);
  const alt = "alt" in change ? change.alt : (kept?.alt ?? "");
  const choose = async (file: File | undefined) => {
    if (file === undefined) return;
    setFault(null);
    setBusy(true);
    try {
      onChange({
        kind: "new",
        image: await shrink(file, crop),
        alt: change.kind === "new" ? change.alt : "",
      });
    } catch (reason) {
      setFault(reason instanceof Error ? reason.message : String(reason));
    } finally {
      setBusy(false);
    }
  };
  const problem = fault ?? error ?? undefined;
  return (
    <fieldset className="picture-field" aria-describedby={problem ? faultId : undefined}>
      <legend className={hideLegend ? "visually-hidden" : "field-label"}>{legend}</legend>
      <div className={crop.widest === 1 ? "picture-shown picture-round" : "picture-shown"}>
        {shown === null ? drawn : <img className="cover" src={shown} alt={alt} />}
      </div>
      <div className="row">
        <input
          ref={setInput}
          type="file"
          accept="image/*"
          className="visually-hidden"
          tabIndex={-1}
          aria-label={`${legend}: a picture from this device`}
          onChange={(event) => {
            void choose(event.target.files?.[0]);
            // The same file can be chosen again.
            event.target.value = "";
          }}
        />
        <Button busy={isBusy} onClick={() => input?.click()}>
          {shown === null ? "Upload a picture" : "Replace the picture"}
        </Button>
        {shown === null ? (
          more
        ) : (
          <Button onClick={() => onChange(kept === null ? { kind: "none" } : { kind: "removed" })}>
            Remove the picture
          </Button>
        )}
      </div>
      {shown !== null && (
        <Words
          alt={alt}
          onChange={(words) =>
            onChange(change.kind === "new" ? { ...change, alt: words } : { kind: "words", alt: words })
          }
        />
      )}
      <Fault id={faultId} text={problem} />
    </fieldset>
  );
}

function Fault({ id, text }: { id: string; text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p id={id} className="field-error" role="alert">
      {text}
    </p>
  );
}

function Words({ alt, onChange }: { alt: string; onChange: (words: string) => void }) {
  return (
    <TextField
      label="What the picture shows (optional)"
      hint="Read to people who cannot see it"
      maxLength={200}
      value={alt}
      onChange={onChange}
    />
  );
}

function shownOf(kept: Props["kept"], change: PictureChange): string | null {
  if (change.kind === "new") return `data:image/jpeg;base64,${change.image}`;
  return change.kind === "removed" ? null : (kept?.path ?? null);
}
