// The developer panel: steps, tools, messages and payments of the session. Beside the page; on a phone a sheet.
import { useId, useRef, type KeyboardEvent } from "react";
import { Observable, useObservable } from "../../base/observable";
import { Button, Dialog, tabAfter, useIsPhone } from "../../parts";
import { useSession } from "../../session";
import "../../style/panel.css";
import { exportAll } from "./export";
import { LogTab } from "./log-tab";
import { MoneyTab } from "./money-tab";
import { ToolsTab } from "./tools-tab";
import { WireTab } from "./wire-tab";

const TABS = [
  { name: "Activity", View: LogTab },
  { name: "Tools", View: ToolsTab },
  { name: "Wire", View: WireTab },
  { name: "Money", View: MoneyTab },
] as const;

/** Kept while the panel turns into a sheet, and while it is closed. */
const chosenTab = new Observable(0);

export default function DevPanel({ onClose }: { onClose: () => void }) {
  const isPhone = useIsPhone();
  // A question about a payment comes first.
  const isAsked = useSession((state) => state.questions.length > 0);
  const save = (
    <Button size="small" kind="quiet" icon="download" onClick={exportAll}>
      Export as JSON
    </Button>
  );
  if (isPhone) {
    return (
      <Dialog
        title="Developer panel"
        onCancel={onClose}
        sheet={{ lead: null, under: save }}
        waits={isAsked && location.pathname === "/"}
      >
        <Views />
      </Dialog>
    );
  }
  return (
    <aside className="panel" aria-label="Developer panel">
      <div className="panel-head">
        <h2>Developer panel</h2>
        <div className="row">
          {save}
          <Button
            size="small"
            kind="ghost"
            icon="cross"
            onClick={onClose}
            label="Close the developer panel"
          />
        </div>
      </div>
      <Views />
    </aside>
  );
}

function Views() {
  const chosen = useObservable(chosenTab);
  const setChosen = (place: number) => chosenTab.set(place);
  const counts = [
    useSession((state) => state.log.length),
    useSession((state) => state.tools.length),
    useSession((state) => state.exchanges.length),
    useSession((state) => state.payments.length),
  ];
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
    <>
      <div className="tabs panel-tabs" role="tablist" aria-label="What to show" ref={tabs}>
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
            {name} <span className="kind-count">{counts[place]}</span>
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
    </>
  );
}
