// Tabs (ARIA's pattern): one section is shown, and the arrow keys move between the tabs.
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { tabAfter } from "../../parts";

export type Tab = {
  id: string;
  name: string;
  /** The content stays while another section is shown. Other sections load again each time. */
  keeps?: boolean;
  content: ReactNode;
};

/** The section that is shown. The fragment of the address keeps it for a reload. */
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
  // On a phone the line of tabs is longer than the screen.
  useEffect(() => {
    const tab = list.current?.querySelector('[aria-selected="true"]');
    tab?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [shown]);
  const onKeyDown = (event: KeyboardEvent) => {
    const place = tabAfter(
      event.key,
      tabs.findIndex(({ id }) => id === shown),
      tabs.length,
    );
    const next = place === null ? undefined : tabs[place];
    if (!next) return;
    event.preventDefault();
    show(next.id);
    const button = list.current?.querySelector(`#${tabId(next.id)}`);
    if (button instanceof HTMLElement) button.focus();
  };
  return (
    <>
      <div className="host-tabs" role="tablist" aria-label="Sections of the host" ref={list}>
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
          className="host-section"
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

function fromAddress(ids: readonly string[]): string | undefined {
  return ids.find((id) => location.hash === `#${id}`);
}

function tabId(id: string): string {
  return `host-tab-${id}`;
}

function panelId(id: string): string {
  return `host-panel-${id}`;
}
