import { Cover } from "./cover";

const CUTS = { square: [4, 4], wide: [5, 3] } as const;

/**
 * The picture of an event. Decoration. `path`: where a server of this deployment has the one that the host has chosen;
 * without it the picture follows from the id.
 */
export function EventCover({
  id,
  path,
  cut,
}: {
  id: string;
  path?: string | null | undefined;
  cut: keyof typeof CUTS;
}) {
  const chosen = /^\/covers\/\w+\/\d+-\w+(?=\/\w+\.svg$)/.exec(path ?? "")?.[0];
  const [columns, rows] = CUTS[cut];
  const folder = chosen ?? (/^evt_[0-9a-f]{24}$/.test(id) ? `/covers/${id}/0-own` : null);
  if (folder === null) return <Cover seed={id} columns={columns} rows={rows} />;
  return <img className="cover" src={`${folder}/${cut}.svg`} alt="" loading="lazy" />;
}
