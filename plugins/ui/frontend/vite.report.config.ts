import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The page of `hookline report`: one script and one style sheet, which are written into a file together with the data. */
export default defineConfig({
  plugins: [react()],
  resolve: { alias: [{ find: "./parquet", replacement: "/src/report/absent.ts" }] }, // a report has no files
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  build: {
    outDir: "dist/report",
    emptyOutDir: false,
    cssCodeSplit: false,
    target: "es2022",
    sourcemap: false,
    modulePreload: false,
    lib: { entry: "src/report.tsx", formats: ["iife"], name: "report", fileName: () => "report.js", cssFileName: "report" },
  },
});
