// What agents pay for work at the desk and for figures of events, and what they have free. Each price is set by itself.
import { useState, type FormEvent } from "react";
import type { OwnPrices, PriceView } from "../../../api/types";
import { toAtomic } from "../../../base/amounts";
import { moneyWords, readMoney } from "../../../base/money-text";
import { Badge, Button, Card, TextField, moneyText } from "../../../parts";
import { useHost } from "../access/session";
import { fieldsOf } from "../shared/form";
import { Loaded, Refresh } from "../shared/loaded";
import { Outcome, type Message } from "../shared/outcome";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import { useLoad } from "../shared/use-load";
import * as api from "./api";
import type { PriceChange } from "./fields";

/** `products`: only the prices of these. */
export function Prices({ products, changed }: { products?: readonly string[]; changed?: () => void }) {
  const load = useLoad(api.prices);
  const [message, setMessage] = useState<Message | null>(null);
  const isShown = ({ product }: PriceView) => products?.includes(product) ?? true;
  const saved = (title: string) => {
    setMessage({ kind: "ok", text: `${title}: the price was changed.` });
    load.reload();
    changed?.();
  };
  return (
    <>
      <div className="card-head">
        <h3>Prices</h3>
        <Refresh of={load} />
      </div>
      <p className="quiet">
        What an agent pays you for one call. You can give calls away: a wallet that signs in has so many free
        in a day, and pays from then on. Wallets that never paid you share at most ten free calls a day from
        one network. A new price counts at once. Buyers who were asked for the old one are asked again, and
        nothing is charged before.
      </p>
      <Outcome message={message} />
      <Loaded load={load} loading="Loading the prices…">
        {(prices) => (
          <ul className="host-list">
            {prices.prices.filter(isShown).map((price) => (
              <li key={`${price.tool} ${price.price} ${price.freePerDay} ${price.isOwn}`}>
                <PriceForm price={price} bounds={prices} saved={() => saved(price.title)} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </>
  );
}

const NAMES = ["price", "freePerDay"] as const;
type Name = (typeof NAMES)[number];
type Props = { price: PriceView; bounds: OwnPrices; saved: () => void };

function PriceForm({ price, bounds, saved }: Props) {
  const { run } = useHost();
  const before = { price: price.price, freePerDay: String(price.freePerDay) };
  const [values, setValues] = useState<Record<Name, string>>(before);
  const [faults, setFaults] = useState<Partial<Record<Name, string>>>({});
  const { busy, error, run: act } = useAction();
  const named = fieldFault(error, NAMES);
  const field = fieldsOf<Name>(values, setValues, named === null ? faults : { [named.name]: named.remedy });
  const decimal = readMoney(values.price);
  const save = (change: PriceChange | null) =>
    act(async () => {
      await run(() => api.changePrice(price.tool, change));
      saved();
    });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const free = /^\d{1,3}$/.test(values.freePerDay.trim()) ? Number(values.freePerDay) : null;
    const wrong: typeof faults = {};
    const fault = priceFault(decimal, bounds);
    if (fault !== null) wrong.price = fault;
    if (free === null || free > bounds.freePerDayMax)
      wrong.freePerDay = `Must be a whole number from 0 to ${bounds.freePerDayMax}`;
    setFaults(wrong);
    if (Object.keys(wrong).length === 0 && decimal !== null && free !== null)
      void save({ price: decimal, freePerDay: free });
  };
  const hint = `${decimal === null ? "" : `${moneyWords(decimal)} a call. `}From ${moneyText(bounds.priceMin)} to ${moneyText(bounds.priceMax)}`;
  return (
    <Card
      title={price.title}
      level={4}
      aside={price.isOwn ? <Badge tone="info">Your price</Badge> : <Badge>Usual price</Badge>}
    >
      <form className="host-form" onSubmit={submit} noValidate>
        <div className="host-pair">
          <TextField label="Price in dollars" inputMode="decimal" hint={hint} {...field("price")} />
          <TextField
            label="Free calls a day for each wallet"
            inputMode="numeric"
            hint="0: every call is paid"
            {...field("freePerDay")}
          />
        </div>
        {error !== null && named === null && <Trouble error={error} />}
        <div className="row">
          <Button type="submit" busy={busy} label={`Save the price of: ${price.title}`}>
            Save the price
          </Button>
          {price.isOwn && (
            <Button kind="ghost" busy={busy} onClick={() => void save(null)}>
              Use the usual {moneyText(price.usualPrice)}
            </Button>
          )}
        </div>
      </form>
    </Card>
  );
}

/** What is wrong with a price, if anything is. */
function priceFault(decimal: string | null, { priceMin, priceMax }: OwnPrices): string | null {
  const [price, min, max] = [decimal ?? "", priceMin, priceMax].map(toAtomic);
  if (price === null || price === undefined)
    return "Must be dollars such as 0.05, with at most 6 digits after the point";
  if (min !== null && min !== undefined && price < min) return `Must be at least ${moneyText(priceMin)}`;
  if (max !== null && max !== undefined && price > max)
    return `Must be at most ${moneyText(priceMax)}, which is what you take from one wallet in a day (Settings)`;
  return null;
}
