/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
// @ts-expect-error Node's types are not installed for these few functions
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
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

/** What only workers hold, which Vite does not list. */
const OF_WORKERS = ["hyparquet", "hyparquet-compressors", "fflate", "fzstd"];

/** Adds the licenses of the workers' libraries to those of the page's. */
function workerLicenses(): Plugin {
  return {
    name: "worker-licenses",
    apply: "build",
    writeBundle(options) {
      for (const name of OF_WORKERS) {
        const text = readFileSync(`node_modules/${name}/LICENSE`, "utf8");
        appendFileSync(`${options.dir}/licenses.md`, `\n## ${name}\n\n${text}\n`);
      }
    },
  };
}

const GROWS = /const tmp = new Uint8Array\( pos \+ meta_block_remaining_len \)\s+tmp\.set\( output\.buffer \)\s+output\.buffer = tmp/;

/** Holds Brotli's unpacking to the size that a part says it has, where the library would take as much memory as comes. */
function boundedBrotli(): Plugin {
  return {
    name: "bounded-brotli",
    transform(code, id) {
      if (!id.split("?")[0].endsWith("/hyparquet-compressors/src/brotli.js")) return null;
      if (!GROWS.test(code)) throw new Error("hyparquet-compressors grows its output elsewhere: bound it there.");
      return { code: code.replace(GROWS, 'throw new Error("a part of it is larger than it says")'), map: null };
    },
  };
}

export default defineConfig({
  base: "./", // every URL is relative: the page works below any path
  plugins: [react(), boundedBrotli(), precompressed(), workerLicenses()],
  worker: { format: "es", plugins: () => [boundedBrotli()] }, // in parts: what is seldom needed is loaded then
  test: { server: { deps: { inline: ["hyparquet-compressors"] } } }, // so that it is what the page has
  build: {
    assetsDir: "static",
    assetsInlineLimit: 0, // data: URLs would need a wider policy
    modulePreload: { polyfill: false },
    target: "es2022",
    sourcemap: false,
    license: { fileName: "licenses.md" }, // of what is bundled: they ask for it
  },
});
