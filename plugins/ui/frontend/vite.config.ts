import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
// @ts-expect-error Node's types are not installed for these few functions
import { readFileSync, writeFileSync } from "node:fs";
// @ts-expect-error as above
import { brotliCompressSync, gzipSync } from "node:zlib";

/** Writes each file compressed beside itself, as it was written at last, so that the server compresses nothing. */
function precompressed(): Plugin {
  return {
    name: "precompressed",
    apply: "build",
    writeBundle(options, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue;
        const path = `${options.dir}/${name}`;
        const source = readFileSync(path);
        if (source.length < 512) continue;
        writeFileSync(`${path}.br`, brotliCompressSync(source));
        writeFileSync(`${path}.gz`, gzipSync(source, { level: 9 }));
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
    license: { fileName: "licenses.md" }, // of what is bundled: they ask for it
  },
});
