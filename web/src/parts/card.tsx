import { useId, type ReactNode } from "react";

export type CardProps = {
  children: ReactNode;
  title?: ReactNode;
  /** Heading level of the title. */
  level?: 2 | 3 | 4;
  /** Beside the title. */
  aside?: ReactNode;
  tone?: "plain" | "accent" | "danger";
  /** One of many, such as an answer in the chat: an article instead of a region. */
  many?: boolean;
};

/** A framed part of the page; with a title it is a region or an article. */
export function Card({ children, title, level = 2, aside, tone = "plain", many = false }: CardProps) {
  const id = useId();
  const className = `card card-${tone}`;
  if (title === undefined) return <div className={className}>{children}</div>;
  const Box = many ? "article" : "section";
  const Heading = `h${level}` as const;
  return (
    <Box className={className} aria-labelledby={id}>
      <div className="card-head">
        <Heading id={id}>{title}</Heading>
        {aside}
      </div>
      {children}
    </Box>
  );
}
