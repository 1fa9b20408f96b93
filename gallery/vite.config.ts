import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// Where `indexer serve` runs while the gallery is worked on with `npm run dev`.
const server = process.env.INDEXER_SERVER ?? "http://127.0.0.1:8765";

export default defineConfig({
  base: "./",
  plugins: [svelte()],
  build: {
    outDir: "../indexer/serve/static",
    emptyOutDir: true,
    assetsDir: "gallery",
    assetsInlineLimit: 0, // the pages' Content-Security-Policy allows no data: scripts or styles
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/files", "/docs", "/healthz"].map((path) => [path, { target: server, changeOrigin: true }]),
    ),
  },
});
