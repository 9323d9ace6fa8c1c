import { useEffect, useId, useRef } from "react";
import { Icon } from "../../parts";

type Props = {
  value: string;
  onChange: (text: string) => void;
  shown: number;
  all: number;
  /** The kinds, each with how many there are. */
  kinds: readonly { name: string; count: number }[];
  kind: string;
  onKind: (kind: string) => void;
};

/** A search over all text, and kinds to choose from. `/` puts the cursor there. */
export function Search({ value, onChange, shown, all, kinds, kind, onKind }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof Element && event.target.closest("input, textarea, select") !== null;
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return (
    <div className="panel-search">
      <div className="search-field">
        <Icon name="search" />
        <label className="visually-hidden" htmlFor={id}>
          Search
        </label>
        <input
          id={id}
          ref={field}
          type="search"
          value={value}
          placeholder="Search"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
        <span className="second" role="status">
          {shown} of {all}
        </span>
        <kbd aria-hidden="true">/</kbd>
      </div>
      <div className="kinds" role="group" aria-label="Kinds">
        {kinds.map(({ name, count }) => (
          <button
            key={name}
            type="button"
            className="kind"
            aria-pressed={kind === name}
            onClick={() => onKind(name)}
          >
            {name} <span className="kind-count">{count}</span>
          </button>
        ))}
      </div>
    </div>
  );
}
