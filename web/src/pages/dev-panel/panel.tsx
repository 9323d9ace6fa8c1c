// The developer panel: log, tools and messages of the session.
import { useId, useRef, useState, type KeyboardEvent } from "react";
import { Button, tabAfter } from "../../parts";
import "../../style/panel.css";
import { LogTab } from "./log-tab";
import { MessagesTab } from "./messages-tab";
import { ToolsTab } from "./tools-tab";

const TABS = [
  { name: "Log", View: LogTab },
  { name: "Tools", View: ToolsTab },
  { name: "Messages", View: MessagesTab },
] as const;

export default function DevPanel({ onClose }: { onClose: () => void }) {
  const [chosen, setChosen] = useState(0);
  const tabs = useRef<HTMLDivElement>(null);
  const id = useId();
  const { View } = TABS[chosen] ?? TABS[0];
  const onKeyDown = (event: KeyboardEvent) => {
    const next = tabAfter(event.key, chosen, TABS.length);
    if (next === null) return;
    event.preventDefault();
    setChosen(next);
    const buttons = tabs.current?.querySelectorAll<HTMLElement>('[role="tab"]');
    buttons?.[next]?.focus();
  };
  return (
    <aside className="panel" aria-label="Developer panel">
      <div className="panel-head">
        <h2>Developer panel</h2>
        <Button size="small" onClick={onClose} label="Close the developer panel">
          Close
        </Button>
      </div>
      <div className="tabs" role="tablist" aria-label="What to show" ref={tabs}>
        {TABS.map(({ name }, place) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-tab-${place}`}
            aria-selected={place === chosen}
            aria-controls={`${id}-view`}
            tabIndex={place === chosen ? 0 : -1}
            onClick={() => setChosen(place)}
            onKeyDown={onKeyDown}
          >
            {name}
          </button>
        ))}
      </div>
      <div
        className="panel-view"
        role="tabpanel"
        id={`${id}-view`}
        aria-labelledby={`${id}-tab-${chosen}`}
        tabIndex={0}
      >
        <View />
      </div>
    </aside>
  );
}
