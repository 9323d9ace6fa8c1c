// For whoever wants to see what goes over the wire.
import { useId, useRef, useState, type KeyboardEvent } from "react";
import { Button } from "../../parts";
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
    const next = placeAfter(event.key, chosen);
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

function placeAfter(key: string, place: number): number | null {
  const last = TABS.length - 1;
  if (key === "ArrowRight") return place === last ? 0 : place + 1;
  if (key === "ArrowLeft") return place === 0 ? last : place - 1;
  if (key === "Home") return 0;
  return key === "End" ? last : null;
}
