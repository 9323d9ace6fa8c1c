import type { ProfileView } from "../../../api/types";
import { Limits } from "./limits";
import { Payout } from "./payout";
import { Prices } from "./prices";
import { Products } from "./products";

export function Settings({ profile }: { profile: ProfileView }) {
  return (
    <>
      <Products profile={profile} />
      <Payout profile={profile} />
      <Limits profile={profile} />
      <Prices scope={profile.urlSafeId} />
    </>
  );
}
