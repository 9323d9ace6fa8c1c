import { hexOf } from "./seed";

/** An uploaded picture of a host of this deployment. Pictures of other sites are never loaded. */
const UPLOADED = /^\/pictures\/[0-9a-f]{32}\/[0-9a-f]{32}\.(?:jpg|png|webp)$/;

type Props = {
  id: string;
  path?: string | null | undefined;
  cut: "square" | "wide";
  /** What an uploaded picture shows. */
  alt?: string | undefined;
};

/**
 * The picture of an event. Decoration. `path`: where a server of this deployment has the one that the host has chosen;
 * without it the Worker draws one from the id.
 */
export function EventCover({ id, path, cut, alt = "" }: Props) {
  if (path && UPLOADED.test(path)) return <img className="cover" src={path} alt={alt} loading="lazy" />;
  const chosen = /^\/covers\/\w+\/\d+-\w+(?=\/\w+\.svg$)/.exec(path ?? "")?.[0];
  const seed = /^evt_[0-9a-f]{24}$/.test(id) ? id : `evt_${hexOf(id, 24)}`;
  return (
    <img className="cover" src={`${chosen ?? `/covers/${seed}/0-own`}/${cut}.svg`} alt="" loading="lazy" />
  );
}
