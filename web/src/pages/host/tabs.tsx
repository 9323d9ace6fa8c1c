// The sections of the page as tabs (ARIA's pattern): one is shown, arrow keys go from one to the next.
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

export type Tab = {
  id: string;
  name: string;
  /** What is typed there stays when another section is looked at; the others are asked for anew each time. */
  keeps?: boolean;
  content: ReactNode;
};

/** Which section is shown; it is also the part of the address after #, so that it survives a reload. */
export function useTab(ids: readonly string[]): [string, (id: string) => void] {
  const [shown, setShown] = useState(() => fromAddress(ids) ?? ids[0] ?? "");
  useEffect(() => {
    const listen = () => setShown((was) => fromAddress(ids) ?? was);
    addEventListener("hashchange", listen);
    return () => removeEventListener("hashchange", listen);
  }, [ids]);
  const show = (id: string) => {
    history.replaceState(history.state, "", `#${id}`);
    setShown(id);
  };
  return [shown, show];
}

/** The tabs and the section that is shown. */
export function Tabs({
  tabs,
  shown,
  show,
}: {
  tabs: readonly Tab[];
  shown: string;
  show: (id: string) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const [visited, setVisited] = useState<ReadonlySet<string>>(new Set());
  if (!visited.has(shown)) setVisited(new Set([...visited, shown]));
  const onKeyDown = (event: KeyboardEvent) => {
    const next = nextTab(tabs, shown, event.key);
    if (!next) return;
    event.preventDefault();
    show(next.id);
    const button = list.current?.querySelector(`#${tabId(next.id)}`);
    if (button instanceof HTMLElement) button.focus();
  };
  return (
    <>
      <div className="mm-tabs" role="tablist" aria-label="Sections of My MCP" ref={list}>
        {tabs.map(({ id, name }) => (
          <button
            key={id}
            id={tabId(id)}
            type="button"
            role="tab"
            aria-selected={id === shown}
            aria-controls={panelId(id)}
            tabIndex={id === shown ? 0 : -1}
            onClick={() => show(id)}
            onKeyDown={onKeyDown}
          >
            {name}
          </button>
        ))}
      </div>
      {tabs.map((tab) => (
        <div
          key={tab.id}
          id={panelId(tab.id)}
          className="mm-section"
          role="tabpanel"
          aria-labelledby={tabId(tab.id)}
          hidden={tab.id !== shown}
        >
          <h2>{tab.name}</h2>
          {(tab.id === shown || (tab.keeps && visited.has(tab.id))) && tab.content}
        </div>
      ))}
    </>
  );
}

function nextTab(tabs: readonly Tab[], shown: string, key: string): Tab | undefined {
  const at = tabs.findIndex(({ id }) => id === shown);
  if (key === "ArrowRight") return tabs[(at + 1) % tabs.length];
  if (key === "ArrowLeft") return tabs.at(at - 1);
  if (key === "Home") return tabs[0];
  return key === "End" ? tabs.at(-1) : undefined;
}

function fromAddress(ids: readonly string[]): string | undefined {
  return ids.find((id) => location.hash === `#${id}`);
}

function tabId(id: string): string {
  return `mm-tab-${id}`;
}

function panelId(id: string): string {
  return `mm-panel-${id}`;
}
