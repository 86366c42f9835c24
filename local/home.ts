import { randomBytes } from "node:crypto";
import { chmodSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { makeFolder, readIfThere, writePrivate } from "../common/system/files";
import type { KnownPorts } from "./servers/ports";

/** The directory of one set of embedded servers: their data, logs, pids and what is remembered of them. */
export interface Home {
  readonly directory: string;
  readonly endpoints: string;
  readonly settings: string;
  readonly lock: string;
  log(server: string): string;
  pid(server: string): string;
  /** The server's own directory: configuration and data. */
  of(server: string): string;
}

/** What a home remembers between two `up`. */
export interface HomeSettings extends KnownPorts {
  /** PostgreSQL's data: here, or where its account can reach it. */
  readonly postgresData: string;
  /** The Citus cluster was made with Citus, and stays so. */
  readonly citus: boolean;
  /** From it and a role's name comes the role's password. */
  readonly secret: string;
  readonly kafkaClusterId: string;
}

/** @default `.tenantry/local` of the checkout */
export function homeAt(directory: string): Home {
  const root = resolve(directory);
  return {
    directory: root,
    endpoints: join(root, "endpoints.yaml"),
    settings: join(root, "settings.yaml"),
    lock: join(root, "lock"),
    log: (server) => join(root, "logs", `${server}.log`),
    pid: (server) => join(root, "run", `${server}.yaml`),
    of: (server) => join(root, server),
  };
}

export function makeHome(home: Home): void {
  for (const directory of [home.directory, join(home.directory, "logs"), join(home.directory, "run")]) {
    makeFolder(directory);
    chmodSync(directory, 0o711);
  }
}

/** What is remembered; undefined for a new home or one whose settings cannot be read. */
export function readSettings(home: Home): HomeSettings | undefined {
  const text = readIfThere(home.settings);
  if (text === undefined) return undefined;
  try {
    const settings = parse(text) as HomeSettings | null;
    return settings?.secret && settings.ports && settings.kafkaClusterId && settings.postgresData
      ? settings
      : undefined;
  } catch {
    return undefined;
  }
}

export function writeSettings(home: Home, settings: HomeSettings): void {
  writePrivate(home.settings, stringify(settings));
}

/** As Kafka wants it: 16 bytes as 22 characters, the first no dash. */
export function newClusterId(): string {
  return `A${randomBytes(16).toString("base64url").slice(1, 22)}`;
}

export function newSecret(): string {
  return randomBytes(24).toString("base64url");
}
