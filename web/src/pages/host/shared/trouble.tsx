import { useEffect } from "react";
import { ApiError, hasCode, hasStatus, messageOf } from "../../../api/http";
import { Button, Notice, sentence } from "../../../parts";

const RETRY_MILLIS = 3000;
const SIGN_IN_AGAIN =
  "Your session has ended, so this was not done. Sign in at the top of the page, then repeat it.";

/** An error, with a button to try again if that can help. */
export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  const isOffline = hasStatus(error, 0);
  // Without a connection the request is repeated by itself.
  useEffect(() => {
    if (!isOffline || !retry) return;
    const timer = setInterval(retry, RETRY_MILLIS);
    return () => clearInterval(timer);
  }, [isOffline, retry]);
  const isOver = hasStatus(error, 401) && hasCode(error, "not_signed_in");
  const requestId = error instanceof ApiError && error.status >= 500 ? error.requestId : undefined;
  return (
    <Notice kind="error" actions={retry && <Button onClick={retry}>Try again</Button>}>
      {isOver ? SIGN_IN_AGAIN : sentence(messageOf(error))}
      {requestId && ` (request ${requestId})`}
    </Notice>
  );
}
