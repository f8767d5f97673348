import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What the bundle depends on; tests do not change it. */
const INPUTS = [
  "fingerprint.ts",
  "package-lock.json",
  "package.json",
  "src",
  "tsconfig.json",
  "vite.config.ts",
];

/** One hash of the sources: of `<path> <SHA-256 of its bytes>\n` for every file, sorted by path. */
export function fingerprint(folder: string): string {
  const lines = INPUTS.flatMap((name) => files(folder, name))
    .sort()
    .map((path) => `${path} ${sha256(readFileSync(join(folder, path)))}\n`);
  return sha256(lines.join(""));
}

function files(folder: string, name: string): string[] {
  if (name.includes(".") && !name.startsWith("src")) return [name];
  return readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, "/").length).replaceAll("\\", "/"));
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
