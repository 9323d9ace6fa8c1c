// How an event will look, as it is typed.
import { useState } from "react";
import type { OwnEvent } from "../../../api/types";
import { eventPeriod, pricesText } from "../../../parts";
import type { PictureChange } from "../../../parts/picture-field";
import { readMoney } from "../../../base/money-text";
import { isZone, toMoment } from "../shared/zones";
import type { Values } from "./fields";
import { typedPrices, type TypeDraft } from "./type-list";

type Props = {
  values: Values;
  types: readonly TypeDraft[];
  event: OwnEvent | null;
  picture: PictureChange;
};

export function EventPreview({ values, types, event, picture }: Props) {
  const cover = coverOf(values, event, picture);
  // An early price that ends meanwhile is no matter here.
  const [now] = useState(() => Date.now());
  const prices = types.length > 0 ? typedPrices(types, values.timeZone.trim(), now) : [values.price];
  const price = pricesText(prices.map((typed) => readMoney(typed) ?? ""));
  return (
    <aside className="host-preview" aria-label="How it will look">
      <p className="quiet small">How it will look</p>
      <div className="card host-preview-card">
        {cover !== null && <img className="cover" src={cover} alt="" />}
        <div className="host-preview-words host-untrusted">
          <strong>{values.title.trim() || "Title"}</strong>
          <p className="quiet">{whenOf(values) ?? "Day and time"}</p>
          {values.location.trim() !== "" && <p className="quiet">{values.location.trim()}</p>}
          <p className="host-preview-buy">{price === "" ? "Get a seat" : `Get a seat · ${price}`}</p>
        </div>
      </div>
    </aside>
  );
}

/** The address of the cover; null before there is one. */
function coverOf(values: Values, event: OwnEvent | null, picture: PictureChange): string | null {
  if (picture.kind === "new") return `data:image/jpeg;base64,${picture.image}`;
  if (event === null) return null;
  if (event.coverPath.startsWith("/pictures/") && picture.kind !== "removed") return event.coverPath;
  return `/covers/${event.id}/${values.coverShuffle}-${values.coverPalette || "own"}/wide.svg`;
}

function whenOf({ startsAt, endsAt, timeZone }: Values): string | null {
  const zone = timeZone.trim();
  const start = toMoment(startsAt, zone);
  if (!isZone(zone) || !("utc" in start)) return null;
  const end = toMoment(endsAt, zone);
  return eventPeriod(start.utc, "utc" in end ? end.utc : undefined, zone);
}
