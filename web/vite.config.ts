// The build of the page. The Worker serves it with a policy that forbids inline scripts.
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** The URL of `npm start`, for the development server of vite: PAGE_SERVER=http://localhost:9000. */
declare const process: { env: Record<string, string | undefined> };
const server = process.env["PAGE_SERVER"] ?? "http://localhost:8787";
/** The paths that the Worker answers itself. */
const answeredByWorker = ["/api", "/x402", "/mcp", "/health", "/facilitator", "/e", "/q", "/t", "/explorer"];

export default defineConfig({
  plugins: [
    react(),
    onePageForAllPaths(["buy", "check-in", "give", "my-mcp", "tickets", "transactions", "wallet"]),
  ],
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

// The static files contain a copy of the page for each path: /transactions is served from transactions.html.
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
