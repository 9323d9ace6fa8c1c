import { useCallback, useEffect, useRef, useState } from "react";

/** Runs requests of which only the latest counts: answers of earlier ones are dropped. */
export function useLatest() {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(true);
  const latest = useRef(0);
  const start = useCallback(<T>(request: () => Promise<T>, done: (answer: T) => void) => {
    latest.current += 1;
    const mine = latest.current;
    const isLatest = () => latest.current === mine;
    request()
      .then(
        (answer) => {
          if (!isLatest()) return;
          done(answer);
          setError(null);
        },
        (reason: unknown) => isLatest() && setError(reason),
      )
      .finally(() => isLatest() && setBusy(false));
  }, []);
  const restart = useCallback(
    <T>(request: () => Promise<T>, done: (answer: T) => void) => {
      setBusy(true);
      start(request, done);
    },
    [start],
  );
  // Answers that come after the component is gone are dropped, too.
  useEffect(() => () => void (latest.current += 1), []);
  return { error, busy, start, restart };
}
