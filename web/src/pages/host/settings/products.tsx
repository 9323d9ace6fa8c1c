import { useState, type FormEvent } from "react";
import { productsOf, type Product } from "../../../api/products";
import type { ProfileView } from "../../../api/types";
import { Button, Card, CheckField, Notice } from "../../../parts";
import { useHost } from "../access/session";
import { Trouble } from "../shared/trouble";
import { useAction } from "../shared/use-action";
import * as api from "./api";

const PRODUCTS: readonly { id: Product; name: string }[] = [
  { id: "events", name: "Events: agents list them and buy seats" },
  { id: "vault", name: "Vault: agents buy your secrets" },
  { id: "desk", name: "Desk: agents open tickets and work on them, and pay for each action" },
];

/** The products that the server sells; at least one is on. */
export function Products({ profile }: { profile: ProfileView }) {
  const { run, changed } = useHost();
  const [on, setOn] = useState<ReadonlySet<string>>(() => new Set(productsOf(profile)));
  const [message, setMessage] = useState("");
  const { busy, error, run: act } = useAction();
  const toggle = (id: Product, isOn: boolean) => {
    setMessage("");
    const next = new Set(on);
    if (isOn) next.add(id);
    else next.delete(id);
    setOn(next);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setMessage("");
    const products = PRODUCTS.map(({ id }) => id).filter((id) => on.has(id));
    if (products.length === 0) return;
    void act(async () => {
      const next = await run(() => api.changeProducts(products));
      changed(next);
      setOn(new Set(productsOf(next)));
      setMessage("The products were changed. Connected clients see it when they list the tools again.");
    });
  };
  return (
    <Card title="Products" level={3}>
      <p>What your server sells. A product that is switched off keeps its data.</p>
      <form className="host-form" onSubmit={submit}>
        <fieldset className="stack-tight">
          <legend className="visually-hidden">Products that are on</legend>
          {PRODUCTS.map(({ id, name }) => (
            <CheckField key={id} label={name} checked={on.has(id)} onChange={(isOn) => toggle(id, isOn)} />
          ))}
        </fieldset>
        {on.size === 0 && (
          <p className="field-error" role="alert">
            Choose at least one product.
          </p>
        )}
        {error !== null && <Trouble error={error} />}
        {message && <Notice kind="ok">{message}</Notice>}
        <div className="row">
          <Button kind="primary" type="submit" busy={busy} disabled={on.size === 0}>
            Save products
          </Button>
        </div>
      </form>
    </Card>
  );
}
