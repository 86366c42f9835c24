import { randomBytes } from "node:crypto";
import { chmodSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { makeFolder, readIfThere, writePrivate } from "../common/system/files";
import type { KnownPorts } from "./servers/ports";

/** The directory of one set of embedded servers, with their data, logs, process ids and settings. */
export interface Home {
  readonly directory: string;
  readonly endpoints: string;
  readonly settings: string;
  readonly lock: string;
  log(server: string): string;
  pid(server: string): string;
  /** The directory of one server, with its configuration and data. */
  of(server: string): string;
}

/** The settings that a home keeps from one `up` to the next. */
export interface HomeSettings extends KnownPorts {
  /** PostgreSQL's data directory: in the home, or elsewhere if PostgreSQL's account can't reach the home. */
  readonly postgresData: string;
  /** True if the data was created with Citus; it keeps Citus then. */
  readonly citus: boolean;
  /** The secret from which passwords are derived, together with a role's name. */
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

/** The home's settings; undefined for a new home and for settings that can't be read. */
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

/** A new cluster id for Kafka: 16 bytes as 22 characters, of which the first is not a dash. */
export function newClusterId(): string {
  return `A${randomBytes(16).toString("base64url").slice(1, 22)}`;
}

export function newSecret(): string {
  return randomBytes(24).toString("base64url");
}
