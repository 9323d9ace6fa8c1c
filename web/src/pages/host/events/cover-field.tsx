// The cover of an event: an uploaded picture, or the drawn one with its colours.
import type { OwnEvent } from "../../../api/types";
import { Button, SelectField } from "../../../parts";
import { COVER } from "../../../parts/picture";
import { PictureField, type PictureChange } from "../../../parts/picture-field";
import { PALETTES } from "./fields";

type Text = { value: string; onChange: (text: string) => void; error: string | undefined; name: string };
type Props = {
  /** The event that is changed; null for a new one. */
  event: OwnEvent | null;
  shuffle: Text;
  palette: Text;
  picture: PictureChange;
  onPicture: (change: PictureChange) => void;
};

/** The most shuffles that the server takes. */
const SHUFFLES_MAX = 999_999;

export function CoverField({ event, shuffle, palette, picture, onPicture }: Props) {
  const isUploaded = event?.coverPath.startsWith("/pictures/") === true;
  const kept = event !== null && isUploaded ? { path: event.coverPath, alt: event.coverAlt ?? "" } : null;
  const hasPicture = picture.kind === "new" || (kept !== null && picture.kind !== "removed");
  const path =
    event === null ? null : `/covers/${event.id}/${shuffle.value}-${palette.value || "own"}/wide.svg`;
  const next = (Number(shuffle.value) + 1) % (SHUFFLES_MAX + 1);
  return (
    <>
      <PictureField
        legend="Cover"
        hideLegend
        kept={kept}
        change={picture}
        onChange={onPicture}
        crop={COVER}
        error={shuffle.error}
        drawn={
          path === null ? (
            <p className="picture-none">A cover is drawn for the event once it exists.</p>
          ) : (
            <img className="cover" src={path} alt="" />
          )
        }
        more={
          path !== null && <Button onClick={() => shuffle.onChange(String(next))}>Draw another cover</Button>
        }
      />
      {!hasPicture && <SelectField label="Colours of the cover" options={PALETTES} {...palette} />}
    </>
  );
}
