import type { ProfileView } from "../../../api/types";
import { useState } from "react";
import { productsOf } from "../../../api/products";
import { Prices as CallPrices } from "../desk/prices";
import { Limits } from "./limits";
import { ListedCard } from "./listed";
import { Payout } from "./payout";
import { Prices } from "./prices";
import { Products } from "./products";
import { SolanaPayout } from "./solana";
import { Words } from "./words";

export function Settings({ profile }: { profile: ProfileView }) {
  const products = productsOf(profile);
  // The list is read again when a price below it has changed.
  const [round, setRound] = useState(0);
  return (
    <>
      <Words profile={profile} />
      <ListedCard profile={profile} />
      <Products profile={profile} />
      <Payout profile={profile} />
      <SolanaPayout profile={profile} />
      <Limits profile={profile} />
      <Prices key={round} scope={profile.urlSafeId} hasDesk={products.includes("desk")} />
      {!products.includes("desk") && <CallPrices products={products} changed={() => setRound(round + 1)} />}
    </>
  );
}
