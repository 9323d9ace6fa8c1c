// Asks once more before something that cannot be undone.
import type { ReactNode } from "react";
import { Button, Dialog } from "../../../parts";
import { Trouble } from "./trouble";
import { useAction } from "./use-action";

type Props = {
  title: string;
  children: ReactNode;
  yes: string;
  no: string;
  /** Does it; the dialog stays open when it fails. */
  ask: () => Promise<void>;
  close: () => void;
};

/** The question, with what is at stake as its content. */
export function Confirm({ title, children, yes, no, ask, close }: Props) {
  const { busy, error, run } = useAction();
  return (
    <Dialog
      title={title}
      onCancel={close}
      actions={
        <>
          <Button onClick={close}>{no}</Button>
          <Button kind="danger" busy={busy} onClick={() => void run(ask)}>
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
