import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin, type ProxyOptions } from "vite";

// Where `indexer serve` runs while the gallery is worked on with `npm run dev`.
const server = process.env.INDEXER_SERVER ?? "http://127.0.0.1:8765";

/** Beside each text file its .br and .gz, so that the server need not compress. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(js|css|html|json|svg|webmanifest)$/.test(name)) continue;
        const content = readFileSync(join(dir, name));
        const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(content, { params }));
        writeFileSync(join(dir, `${name}.gz`), gzipSync(content, { level: 9 }));
      }
    },
  };
}

/** The server takes changes from its own pages only: what the page of this dev server asks is passed on as theirs. */
const configure: ProxyOptions["configure"] = (proxy) => {
  proxy.on("proxyReq", (outgoing, incoming) => {
    const { origin, host } = incoming.headers;
    if (origin === `http://${host}`) outgoing.setHeader("origin", new URL(server).origin);
  });
};

export default defineConfig({
  base: "./",
  plugins: [svelte(), compressed()],
  build: {
    outDir: "../indexer/serve/static",
    emptyOutDir: true,
    assetsDir: "gallery",
    assetsInlineLimit: 0, // the page's Content-Security-Policy allows no data: scripts or styles
    license: { fileName: "licenses.md" }, // of the libraries that the page carries
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/files", "/docs", "/healthz"].map((path) => [path, { target: server, changeOrigin: true, configure }]),
    ),
  },
});
