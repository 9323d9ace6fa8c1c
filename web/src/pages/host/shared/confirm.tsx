import type { ReactNode } from "react";
import { Button, Dialog } from "../../../parts";
import { Trouble } from "./trouble";
import { useAction } from "./use-action";

type Props = {
  title: string;
  /** What the action does. */
  children: ReactNode;
  yes: string;
  no: string;
  /** The action; the dialog stays open if it fails. */
  action: () => Promise<void>;
  close: () => void;
};

/** Asks before an action that cannot be undone. */
export function Confirm({ title, children, yes, no, action, close }: Props) {
  const { busy, error, run } = useAction();
  return (
    <Dialog
      title={title}
      onCancel={close}
      actions={
        <>
          <Button onClick={close}>{no}</Button>
          <Button kind="danger" busy={busy} onClick={() => void run(action)}>
            {yes}
          </Button>
        </>
      }
    >
      {children}
      {error !== null && <Trouble error={error} />}
    </Dialog>
  );
}
