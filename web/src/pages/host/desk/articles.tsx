// The knowledge base, which agents search. Only the host writes it.
import { useId, useRef, useState, type FormEvent } from "react";
import type { Article } from "../../../api/types";
import { Button, TextArea, TextField, Time, visible } from "../../../parts";
import { useHost } from "../access/session";
import { Confirm } from "../shared/confirm";
import { fieldsOf, useFormFocus } from "../shared/form";
import { Paged, Refresh } from "../shared/loaded";
import { Outcome, type Message } from "../shared/outcome";
import { Trouble } from "../shared/trouble";
import { fieldFault, useAction } from "../shared/use-action";
import { usePagedList } from "../shared/use-paged-list";
import * as api from "./api";

/** The articles, and one form at a time. */
export function Articles() {
  const list = usePagedList(api.articles);
  const [open, setOpen] = useState<{ of: Article | null } | null>(null);
  const [message, setMessage] = useState<Message | null>(null);
  const head = useRef<HTMLHeadingElement>(null);
  const show = (of: Article | null) => {
    setMessage(null);
    setOpen({ of });
  };
  const close = () => {
    setOpen(null);
    head.current?.focus();
  };
  const done = (text: string) => {
    setOpen(null);
    setMessage({ kind: "ok", text });
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
          <Refresh of={list} />
        </div>
      </div>
      <Outcome message={message} />
      {open !== null && (
        <ArticleForm key={open.of?.articleId ?? "new"} of={open.of} done={done} close={close} />
      )}
      <Paged
        list={list}
        loading="Loading the articles…"
        empty={{
          title: "No articles yet",
          text: "Write what agents should know: opening hours, directions, refunds.",
        }}
      >
        {(articles) => (
          <ul className="host-list">
            {articles.map((article) => (
              <ArticleCard
                key={article.articleId}
                article={article}
                edit={() => show(article)}
                removed={done}
              />
            ))}
          </ul>
        )}
      </Paged>
    </>
  );
}

type CardProps = { article: Article; edit: () => void; removed: (message: string) => void };

function ArticleCard({ article, edit, removed }: CardProps) {
  const { run } = useHost();
  const [asks, setAsks] = useState(false);
  const titleId = `host-article-${article.articleId}`;
  const remove = async () => {
    const { message } = await run(() => api.removeArticle(article.articleId));
    setAsks(false);
    removed(message);
  };
  return (
    <li className="card">
      <div className="card-head">
        <h4 id={titleId} className="host-untrusted">
          {visible(article.title)}
        </h4>
        <span className="quiet small">
          <Time at={article.updatedAt} />
        </span>
      </div>
      <details>
        <summary>Read it</summary>
        <div className="host-untrusted host-lines">{visible(article.body)}</div>
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
          action={remove}
          close={() => setAsks(false)}
        >
          <p className="host-untrusted">“{visible(article.title)}” is removed. This cannot be undone.</p>
        </Confirm>
      )}
    </li>
  );
}

type FormProps = { of: Article | null; done: (message: string) => void; close: () => void };

function ArticleForm({ of, done, close }: FormProps) {
  const { run } = useHost();
  const [values, setValues] = useState({ title: of?.title ?? "", body: of?.body ?? "" });
  const { busy, error, run: act } = useAction();
  const fault = fieldFault(error, ["title", "body"]);
  const field = fieldsOf(values, setValues, fault === null ? {} : { [fault.name]: fault.remedy });
  const form = useFormFocus();
  const titleId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void act(async () => {
      if (of === null) await run(() => api.createArticle(values.title, values.body));
      else await run(() => api.changeArticle(of.articleId, values));
      done(of === null ? "The article was added." : "The article was changed.");
    });
  };
  return (
    <form ref={form} className="card host-form" aria-labelledby={titleId} onSubmit={submit} noValidate>
      <h4 id={titleId}>{of === null ? "New article" : "Change the article"}</h4>
      <TextField label="Title" required {...field("title")} />
      <TextArea label="Text" required rows={8} hint="Plain text, public" {...field("body")} />
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
