// What went wrong and what to do; and that something is on its way.
import { useEffect } from "react";
import { ApiError, wordsOf } from "../../../api/http";
import { Button, Notice, Spinner } from "../../../parts";
import { sentence } from "../events/fields";

/** An error, with a button to try again if that can help. */
export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  const isOffline = error instanceof ApiError && error.status === 0;
  // A server that comes back is noticed without anybody's doing.
  useEffect(() => {
    if (!isOffline || !retry) return;
    const timer = setInterval(retry, 3000);
    return () => clearInterval(timer);
  }, [isOffline, retry]);
  const isOver = error instanceof ApiError && error.status === 401 && error.code === "not_signed_in";
  const requestId = error instanceof ApiError && error.status >= 500 ? error.requestId : undefined;
  return (
    <Notice kind="error" actions={retry && <Button onClick={retry}>Try again</Button>}>
      {isOver ? OVER : sentence(wordsOf(error))}
      {requestId && ` (request ${requestId})`}
    </Notice>
  );
}

const OVER =
  "Your session had ended, so this was not done. Sign in again at the top of the page, then repeat it.";

/** Shown until the first answer. */
export function Loading({ what }: { what: string }) {
  return <Spinner label={what} />;
}
