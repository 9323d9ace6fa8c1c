import { Button, Empty } from "../../parts";

/** What is bought could not be read: "event", "secret". */
export function Unread({ what, retry }: { what: string; retry: () => void }) {
  return (
    <Empty title={`The ${what} could not be read`} isPage>
      <p>Check your connection. Nothing was charged.</p>
      <Button kind="primary" onClick={retry}>
        Try again
      </Button>
    </Empty>
  );
}
