import { useId, type ReactNode } from "react";

export type CardProps = {
  children: ReactNode;
  title?: ReactNode;
  /** Of the title, so that headings stay in order. */
  level?: 2 | 3 | 4;
  /** Beside the title. */
  aside?: ReactNode;
  tone?: "plain" | "accent" | "danger";
  /** One of many, such as an answer in the chat; then it is an article, for a page has few regions. */
  many?: boolean;
};

/** A framed piece of the page; with a title it is a region of its own, or an article. */
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
