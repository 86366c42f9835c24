import { join } from "node:path";
import { readIfThere, writePrivate } from "../../common/system/files";
import type { Home } from "../home";
import { escapeProperty } from "./kafka-config";

/** The file to which `${file:PATH:KEY}` in connectors refers. Connect reads it whenever it needs a value. */
export function connectSecrets(home: Home): string {
  return join(home.of("connect"), "secrets.properties");
}

/** The reference that a connector's configuration contains instead of the secret. */
export function referTo(path: string, key: string): string {
  return `\${file:${path}:${key}}`;
}

/** Adds or changes a secret in the file of `reference`, and returns the reference to it. */
export function addConnectSecret(reference: string, key: string, secret: string): string {
  const path = /^\$\{file:(.+):[^:]+\}$/.exec(reference)?.[1];
  if (!path) throw new Error(`${reference} refers to no file`);
  setConnectSecrets(path, { [key]: secret });
  return referTo(path, key);
}

/** Adds or changes secrets by key. Other secrets in the file stay. */
export function setConnectSecrets(path: string, secrets: Readonly<Record<string, string>>): void {
  const before = (readIfThere(path) ?? "").split("\n").flatMap((line) => {
    const match = /^([\w.-]+)=(.*)$/.exec(line);
    return match?.[1] ? [[match[1], match[2] ?? ""] as const] : [];
  });
  const given = Object.entries(secrets).map(([key, secret]) => [key, escapeProperty(secret)] as const);
  const all = { ...Object.fromEntries(before), ...Object.fromEntries(given) };
  const lines = Object.entries(all).map(([key, value]) => `${key}=${value}`);
  const text = `${lines.join("\n")}\n`;
  if (readIfThere(path) !== text) writePrivate(path, text);
}
