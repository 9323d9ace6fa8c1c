// The drafts that wait for the host, for what stands beside the desk.
import { useCallback, useEffect, useState } from "react";
import type { DraftView } from "../../../api/types";
import { useHost } from "../access/session";
import { useLive } from "../shared/live";
import { approvals } from "./api";

/** Oldest first. Read again when another section is `shown`; where they cannot be read, there are none. */
export function useDrafts(hasDesk: boolean, shown: string): readonly DraftView[] {
  const { run } = useHost();
  const [drafts, setDrafts] = useState<readonly DraftView[]>([]);
  const reload = useCallback(() => {
    if (hasDesk)
      run(() => approvals()).then(
        ({ items }) => setDrafts(items),
        () => undefined,
      );
  }, [hasDesk, run]);
  useEffect(reload, [reload, shown]);
  useLive({ error: null, busy: false, isLoaded: true, reload }, hasDesk);
  return hasDesk ? drafts : [];
}
