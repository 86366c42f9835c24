import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { lastLines } from "../../common/system/files";
import type { Home } from "../home";
import { type ServerName, serverNames } from "./server-names";

/** Prints the end of the logs of one server or of all, and optionally follows them. */
export async function showLogs(
  home: Home,
  server: ServerName | undefined,
  { lines, follow }: { readonly lines: number; readonly follow: boolean },
  out: NodeJS.WritableStream,
): Promise<void> {
  const names = server ? [server] : serverNames.filter((name) => existsSync(home.log(name)));
  const prefix = (name: ServerName) => (names.length > 1 ? `${name.padEnd(8)} | ` : "");
  const write = (name: ServerName, text: string[]) => {
    for (const line of text) out.write(`${prefix(name)}${line}\n`);
  };
  const seen = new Map(names.map((name) => [name, size(home.log(name))]));
  for (const name of names) write(name, lastLines(home.log(name), lines));
  while (follow) {
    await sleep(300);
    for (const name of names) {
      const [from, to] = [seen.get(name) ?? 0, size(home.log(name))];
      // A smaller file is a new log.
      const text = readRange(home.log(name), to < from ? 0 : from, to);
      const whole = text.lastIndexOf("\n") + 1;
      if (whole > 0) write(name, text.slice(0, whole - 1).split("\n"));
      seen.set(name, (to < from ? 0 : from) + Buffer.byteLength(text.slice(0, whole)));
    }
  }
}

function size(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readRange(path: string, from: number, to: number): string {
  if (to <= from) return "";
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(to - from);
    return buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, from));
  } finally {
    closeSync(file);
  }
}
