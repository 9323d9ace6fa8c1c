import { useMemo } from "react";
import { Badge, Card, moneyText } from "../../../parts";
import { Loaded } from "../shared/loaded";
import { Table } from "../shared/table";
import { useLoad } from "../shared/use-load";
import * as api from "./api";

/** The prices of the tools. */
export function Prices({ scope, hasDesk }: { scope: string; hasDesk: boolean }) {
  const load = useLoad(useMemo(() => () => api.manifest(scope), [scope]));
  return (
    <Card title="Prices of the tools" level={3}>
      <p>
        You set the price of a seat with each event, that of a secret with the secret, and all others{" "}
        {hasDesk ? "under Desk, Prices" : "below"}.
      </p>
      <Loaded load={load} loading="Loading the prices…">
        {({ tools }) => (
          <Table label="Prices, table" headings={["Tool", "Price", "The money moves"]}>
            {tools.map((tool) => (
              <tr key={tool.name}>
                <th scope="row">
                  {tool.title} <code>{tool.name}</code>
                </th>
                <td>{tool.access === "free" ? <Badge tone="ok">Free</Badge> : priceText(tool)}</td>
                <td>{SETTLEMENT[tool.settle ?? "never"]}</td>
              </tr>
            ))}
          </Table>
        )}
      </Loaded>
    </Card>
  );
}

const SETTLEMENT = {
  first: "before the tool does its work",
  last: "after the tool has done its work",
  never: "never",
};

function priceText({ price, freePerDay = 0 }: api.ToolPrice): string {
  const text = price && /^\d/.test(price) ? moneyText(price) : (price ?? "–");
  return freePerDay === 0 ? text : `${text}, ${freePerDay} free a day`;
}
