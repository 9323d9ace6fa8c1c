// The knowledge base: what agents look up before they write. Only the host writes it.
import { useEffect, useId, useMemo, useRef, useState, type FormEvent } from "react";
import type { Article } from "../../../api/types";
import { Button, Empty, TextArea, TextField, Time, visible } from "../../../parts";
import * as api from "../api";
import { Confirm } from "../shared/confirm";
import { Said, type Words } from "../shared/outcome";
import { useHost } from "../access/session";
import { Loading, Trouble } from "../shared/trouble";
import { faultOf, useAction } from "../shared/use-action";
import { usePages } from "../shared/use-load";

/** The articles, and one form at a time. */
export function Articles() {
  const { run } = useHost();
  const ask = useMemo(
    () => async (cursor?: string) => {
      const { articles, nextCursor } = await run(() => api.articles(cursor));
      return { items: articles, nextCursor };
    },
    [run],
  );
  const list = usePages(ask);
  const [open, setOpen] = useState<{ of: Article | null } | null>(null);
  const [words, setWords] = useState<Words | null>(null);
  const head = useRef<HTMLHeadingElement>(null);
  const show = (of: Article | null) => {
    setWords(null);
    setOpen({ of });
  };
  const close = () => {
    setOpen(null);
    head.current?.focus();
  };
  const done = (text: string) => {
    setOpen(null);
    setWords({ kind: "ok", text });
    list.reload();
  };
  return (
    <>
      <div className="card-head">
        <h3 ref={head} tabIndex={-1}>
          Knowledge base
        </h3>
        <div className="row">
          <Button kind="primary" onClick={() => show(null)}>
            New article
          </Button>
          <Button onClick={list.reload} busy={list.busy && list.isLoaded}>
            Refresh
          </Button>
        </div>
      </div>
      <Said words={words} />
      {open !== null && (
        <ArticleForm key={open.of?.articleId ?? "new"} of={open.of} done={done} close={close} />
      )}
      {list.error !== null && <Trouble error={list.error} retry={list.reload} />}
      {!list.isLoaded && list.error === null && <Loading what="Fetching the articles…" />}
      {list.isLoaded && list.items.length === 0 && (
        <Empty title="No articles yet">
          Write down what agents should know: opening hours, how to get there, what is paid back.
        </Empty>
      )}
      <ul className="mm-list">
        {list.items.map((article) => (
          <ArticleCard key={article.articleId} article={article} edit={() => show(article)} removed={done} />
        ))}
      </ul>
      {list.hasMore && (
        <Button onClick={list.more} busy={list.busy}>
          Load more
        </Button>
      )}
    </>
  );
}

type CardProps = { article: Article; edit: () => void; removed: (words: string) => void };

function ArticleCard({ article, edit, removed }: CardProps) {
  const { run } = useHost();
  const [asks, setAsks] = useState(false);
  const titleId = `mm-article-${article.articleId}`;
  const remove = async () => {
    const { message } = await run(() => api.removeArticle(article.articleId));
    setAsks(false);
    removed(message);
  };
  return (
    <li className="card">
      <div className="card-head">
        <h4 id={titleId} className="mm-stranger">
          {visible(article.title)}
        </h4>
        <span className="quiet small">
          <Time at={article.updatedAt} />
        </span>
      </div>
      <details>
        <summary>Read it</summary>
        <div className="mm-stranger mm-lines">{visible(article.body)}</div>
      </details>
      <div className="row" role="group" aria-labelledby={titleId}>
        <Button onClick={edit}>Change</Button>
        <Button kind="danger" onClick={() => setAsks(true)}>
          Remove
        </Button>
      </div>
      {asks && (
        <Confirm
          title="Remove this article?"
          yes="Remove it"
          no="Keep it"
          ask={remove}
          close={() => setAsks(false)}
        >
          <p className="mm-stranger">“{visible(article.title)}” is removed. This cannot be undone.</p>
        </Confirm>
      )}
    </li>
  );
}

type FormProps = { of: Article | null; done: (words: string) => void; close: () => void };

function ArticleForm({ of, done, close }: FormProps) {
  const { run } = useHost();
  const [title, setTitle] = useState(of?.title ?? "");
  const [body, setBody] = useState(of?.body ?? "");
  const { busy, error, run: act } = useAction();
  const fault = faultOf(error, ["title", "body"]);
  const form = useRef<HTMLFormElement>(null);
  const titleId = useId();
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void act(async () => {
      if (of === null) await run(() => api.createArticle(title, body));
      else await run(() => api.changeArticle(of.articleId, { title, body }));
      done(of === null ? "The article was added." : "The article was changed.");
    });
  };
  const at = (name: "title" | "body") => (fault?.name === name ? fault.remedy : undefined);
  return (
    <form ref={form} className="card mm-form" aria-labelledby={titleId} onSubmit={submit} noValidate>
      <h4 id={titleId}>{of === null ? "New article" : "Change the article"}</h4>
      <TextField label="Title" required value={title} onChange={setTitle} error={at("title")} />
      <TextArea
        label="Text"
        required
        rows={8}
        hint="Plain text, for everybody to find"
        value={body}
        onChange={setBody}
        error={at("body")}
      />
      {error !== null && fault === null && <Trouble error={error} />}
      <div className="row">
        <Button kind="primary" type="submit" busy={busy}>
          {of === null ? "Add article" : "Save article"}
        </Button>
        <Button onClick={close}>Close without saving</Button>
      </div>
    </form>
  );
}
