import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { Problems } from "../common/problem";
import { readIfThere, writePrivate } from "../common/system/files";
import { requireOwnFolders } from "../common/system/ownership";
import { projectName, projectRoot, workDirectory } from "../common/system/project";
import { run } from "../common/system/run";
import { clearPending } from "./pending-operations";
import { neededPlugins, type Plugin } from "./pulumi-plugins";
import { findProgram, pulumiDirectories } from "./pulumi-programs";
import { restoreCheckpoint } from "./stack-checkpoint";
import { clearStaleLocks } from "./stack-locks";

/** The environment and the arguments for running Pulumi on a stack. */
interface StackSession {
  readonly pulumi: string;
  /** The caller's environment with Pulumi's programs on PATH, the backend and the passphrase. */
  readonly env: NodeJS.ProcessEnv;
  /** Arguments that `up`, `preview`, `refresh` and `destroy` need besides the user's own. */
  readonly args: readonly string[];
  /** Plugins that these commands need. */
  readonly plugins: readonly Plugin[];
}

/**
 * Set if the stack uses no other provider. Otherwise Pulumi looks for the plugins of all providers in package.json at each
 * run, which takes seconds if they cannot be downloaded.
 */
const noDownloads = { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" };

/**
 * Makes Pulumi write the state only once, when it ends. The file backend writes the whole state before and after each
 * resource, which costs more than applying them. This is safe if all resources are ours: after a kill, the next `up` takes
 * over the objects that the state does not contain.
 */
export const stateAtTheEnd = { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" };

/** Turns off ts-node's type check, because `make check` checks the types. */
export const noTypeChecks = { PULUMI_NODEJS_TRANSPILE_ONLY: "true" };

const state = join(workDirectory, "state");
const passphrase = join(workDirectory, "passphrase");
const copies = join(workDirectory, "stacks");

/**
 * Opens a stack for `pulumi`. For the stack `local`, and if no backend is chosen, the state is in an ignored directory of the
 * checkout, encrypted with a passphrase made for this checkout, so that no account is needed.
 */
export async function openStack(stack: string, env: NodeJS.ProcessEnv = process.env): Promise<StackSession> {
  requireStackFile(stack);
  const directories = await pulumiDirectories(env);
  const pulumi = findProgram("pulumi", directories);
  if (!pulumi) throw notInstalled();
  const plugins = neededPlugins(readIfThere(stackFile(stack)) ?? "");
  const withPrograms = {
    ...(plugins.length === 0 && noDownloads),
    ...noTypeChecks,
    ...env,
    PATH: directories.join(delimiter),
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  if (!keepsState(stack, env)) return { pulumi, env: withPrograms, args: ["--stack", stack], plugins };
  const session = {
    ...(plugins.length === 0 && stateAtTheEnd),
    ...withPrograms,
    ...backend(),
    ...passphraseFile(env),
  };
  requireOwnFolders(workDirectory, "where the state of the stack is");
  clearStaleLocks(state, stack);
  restoreCheckpoint(state, stack);
  const config = await prepare(pulumi, stack, session);
  await clearPending(pulumi, stack, state, session);
  return { pulumi, env: session, args: ["--stack", stack, ...config], plugins };
}

/** Deletes the state of a stack whose servers were deleted. */
export function forgetStack(stack: string): void {
  const directory = join(state, ".pulumi", "stacks", projectName());
  const files = existsSync(directory) ? readdirSync(directory) : [];
  for (const file of files.filter((name) => name.startsWith(`${stack}.json`))) rmSync(join(directory, file));
  rmSync(copyOf(stack), { force: true });
}

function keepsState(stack: string, env: NodeJS.ProcessEnv): boolean {
  if (env.PULUMI_BACKEND_URL) return false;
  return stack === "local" || !(env.PULUMI_ACCESS_TOKEN || isLoggedIn(env));
}

function isLoggedIn(env: NodeJS.ProcessEnv): boolean {
  const home = env.PULUMI_HOME || join(homedir(), ".pulumi");
  const credentials = parse(readIfThere(join(home, "credentials.json")) ?? "{}") as {
    readonly current?: string;
  } | null;
  return Boolean(credentials?.current);
}

function backend(): NodeJS.ProcessEnv {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  return { PULUMI_BACKEND_URL: pathToFileURL(state).href };
}

function passphraseFile(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env.PULUMI_CONFIG_PASSPHRASE !== undefined || env.PULUMI_CONFIG_PASSPHRASE_FILE) return {};
  if (!existsSync(passphrase)) writePrivate(passphrase, `${randomBytes(24).toString("base64url")}\n`);
  return { PULUMI_CONFIG_PASSPHRASE_FILE: passphrase };
}

/**
 * Creates the stack if it is new. Pulumi writes the salt of the passphrase into the stack's file. The passphrase belongs to
 * this checkout, so the salt goes into a copy of the file, which is not under version control.
 */
async function prepare(pulumi: string, stack: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const text = readIfThere(stackFile(stack)) ?? "";
  const isNew = !existsSync(join(state, ".pulumi", "stacks", projectName(), `${stack}.json`));
  if (hasSalt(text)) {
    if (isNew) await initialise(pulumi, stack, env, projectRoot);
    return [];
  }
  const directory = join(copies, "init");
  if (isNew) {
    mkdirSync(directory, { recursive: true });
    rmSync(join(directory, `Pulumi.${stack}.yaml`), { force: true });
    writePrivate(join(directory, "Pulumi.yaml"), `name: ${projectName()}\nruntime: nodejs\n`);
    await initialise(pulumi, stack, env, directory);
  }
  const salt = saltLine(readIfThere(join(directory, `Pulumi.${stack}.yaml`)) ?? "");
  writePrivate(copyOf(stack), `${text.trimEnd()}\n${salt}`);
  return ["--config-file", copyOf(stack)];
}

async function initialise(pulumi: string, stack: string, env: NodeJS.ProcessEnv, directory: string): Promise<void> {
  const args = ["stack", "init", stack, "--non-interactive", "--secrets-provider", "passphrase", "--cwd", directory];
  const { code, stdout, stderr } = await run(pulumi, args, { env });
  if (code === 0) return;
  throw new Problems([
    {
      what: `Pulumi could not make the stack \`${stack}\``,
      got: `${stdout}${stderr}`.trim().split("\n").slice(-4).join("\n            "),
      fix: `Make sure that ${state} can be written and the disk has space, then run this again.`,
    },
  ]);
}

function hasSalt(text: string): boolean {
  return /^(encryptionsalt|secretsprovider|encryptedkey):/m.test(text);
}

function saltLine(text: string): string {
  return /^encryptionsalt:.*$/m.exec(text)?.[0].concat("\n") ?? "";
}

function copyOf(stack: string): string {
  return join(copies, `Pulumi.${stack}.yaml`);
}

function stackFile(stack: string): string {
  return join(projectRoot, "stacks", `Pulumi.${stack}.yaml`);
}

function requireStackFile(stack: string): void {
  if (existsSync(stackFile(stack))) return;
  const known = readdirSync(join(projectRoot, "stacks")).flatMap(
    (file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [],
  );
  throw new Problems([
    {
      what: "There is no such stack",
      got: stack,
      expected: known.sort().join(", "),
      fix: `Use one of these, or write stacks/Pulumi.${stack}.yaml.`,
    },
  ]);
}

function notInstalled(): Problems {
  return new Problems([
    {
      what: "The Pulumi CLI was not found",
      expected: "on PATH, or where set-up puts it",
      fix: "Run `tenantry setup`.",
    },
  ]);
}
