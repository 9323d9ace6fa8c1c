// How the page is built. The Worker serves what comes out, with a policy that forbids inline scripts.
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Where `npm start` listens, for `vite` beside it: PAGE_SERVER=http://localhost:9000. */
declare const process: { env: Record<string, string | undefined> };
const server = process.env["PAGE_SERVER"] ?? "http://localhost:8787";
/** Everything that the Worker answers itself. */
const answeredByWorker = ["/api", "/x402", "/mcp", "/health", "/facilitator", "/e", "/rsvp"];

export default defineConfig({
  plugins: [react(), onePageForAllPaths(["my-mcp", "transactions"])],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: proxies() },
  preview: { proxy: proxies() },
});

// Static hosting serves /transactions from transactions.html, so that each path can be loaded directly.
function onePageForAllPaths(paths: readonly string[]): Plugin {
  return {
    name: "one-page-for-all-paths",
    enforce: "post",
    generateBundle(_options, bundle) {
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("index.html was not built");
      for (const path of paths)
        this.emitFile({ type: "asset", fileName: `${path}.html`, source: page.source });
    },
  };
}

function proxies() {
  const http = answeredByWorker.map((path) => [`^${path}(/|\\?|$)`, { target: server }] as const);
  return Object.fromEntries([["^/agent", { target: server, ws: true }] as const, ...http]);
}
