import { fileURLToPath } from "node:url";

import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

import { fingerprint } from "./fingerprint.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Writes what the bundle was built from beside it: a test compares without npm. */
function sources(): Plugin {
  return {
    name: "sources",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "SOURCES.sha256", source: `${fingerprint(here)}\n` });
    },
  };
}

export default defineConfig({
  root: here,
  base: "./",
  publicDir: false,
  plugins: [sources()],
  build: {
    outDir: process.env["OUT"] ?? "../static/lineage",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: false,
    license: { fileName: "LICENSES.md" },
    rolldownOptions: {
      input: "src/main.tsx",
      output: { entryFileNames: "lineage.js", assetFileNames: "lineage[extname]", codeSplitting: false },
    },
  },
  test: { include: ["tests/**/*.test.ts?(x)"], environment: "node", pool: "threads" },
});
