import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
// @ts-expect-error Node's types are not installed for these two functions alone
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** Writes each file compressed beside itself, so that the server compresses nothing. */
function precompressed(): Plugin {
  return {
    name: "precompressed",
    apply: "build",
    generateBundle(_options, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        const source = file.type === "chunk" ? file.code : file.source;
        if (source.length < 512 || !/\.(js|css|html|svg)$/.test(name)) continue;
        const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
        this.emitFile({ type: "asset", fileName: `${name}.br`, source: brotliCompressSync(source, options) });
        this.emitFile({ type: "asset", fileName: `${name}.gz`, source: gzipSync(source, { level: 9 }) });
      }
    },
  };
}

export default defineConfig({
  base: "./", // every URL is relative: the page works below any path
  plugins: [react(), precompressed()],
  build: {
    assetsDir: "static",
    assetsInlineLimit: 0, // data: URLs would need a wider policy
    modulePreload: { polyfill: false },
    target: "es2022",
    sourcemap: false,
  },
});
