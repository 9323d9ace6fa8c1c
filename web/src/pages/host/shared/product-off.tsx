import type { ReactNode } from "react";
import { productsOf, type Product } from "../../../api/products";
import type { ProfileView } from "../../../api/types";
import { Button, Notice } from "../../../parts";

type Props = { profile: ProfileView; product: Product; showSettings: () => void; children: ReactNode };

/** A notice if the host has switched the product off. */
export function ProductOff({ profile, product, showSettings, children }: Props) {
  if (productsOf(profile).includes(product)) return null;
  return (
    <Notice kind="warn" actions={<Button onClick={showSettings}>Go to the settings</Button>}>
      {children}
    </Notice>
  );
}
