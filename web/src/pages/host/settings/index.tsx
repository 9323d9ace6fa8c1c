import type { ProfileView } from "../../../api/types";
import { Limits } from "./limits";
import { ListedCard } from "./listed";
import { Payout } from "./payout";
import { Prices } from "./prices";
import { Products } from "./products";
import { Words } from "./words";

export function Settings({ profile }: { profile: ProfileView }) {
  return (
    <>
      <Words profile={profile} />
      <ListedCard profile={profile} />
      <Products profile={profile} />
      <Payout profile={profile} />
      <Limits profile={profile} />
      <Prices scope={profile.urlSafeId} />
    </>
  );
}
