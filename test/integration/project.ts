import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { stringify } from "yaml";
import type { Endpoints } from "../../architecture/endpoints";
import { type FreshDatabase, freshDatabase } from "./servers";

const checkout = dirname(dirname(__dirname));

/** A copy of the checkout with its own application, stack and database. */
export interface Project {
  readonly folder: string;
  /** The application's unique name, so slots, topics and roles of two tests never conflict. */
  readonly application: string;
  readonly endpoints: Endpoints;
  /** Runs `tenantry ARGUMENTS`, and never throws. */
  tenantry(...args: string[]): Promise<Outcome>;
  /** Starts the command in its own process group, for tests that kill it. */
  start(...args: string[]): ChildProcess;
  read(path: string): string;
  write(path: string, text: string): void;
}

export interface Outcome {
  readonly code: number;
  /** Standard output and standard error. */
  readonly text: string;
}

/**
 * Removes resources, database and folder after the test.
 *
 * @param settings of the stack, in addition to those of every test
 * @param prepare creates the application's database and roles; by default everything that a platform creates
 */
export async function makeProject(
  t: TestContext,
  settings: Readonly<Record<string, unknown>> = {},
  prepare: (application: string) => Promise<FreshDatabase> = freshDatabase,
): Promise<Project> {
  const application = `shop${randomBytes(3).toString("hex")}`;
  const fresh = await prepare(application);
  const folder = mkdtempSync(join(tmpdir(), "tenantry-project-"));
  copySources(folder, application);
  const { drop: _, endpoints } = fresh;
  writeFileSync(join(folder, "endpoints.yaml"), stringify(endpoints), { mode: 0o600 });
  writeFileSync(join(folder, "stacks", "Pulumi.it.yaml"), stackFile(application, settings));
  const run = (...args: string[]) => runTenantry(folder, args);
  t.after(async () => {
    await run("destroy", "-s", "it", "--yes");
    await fresh.drop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    application,
    endpoints,
    tenantry: run,
    start: (...args) =>
      spawn(tenantryIn(folder), args, { cwd: folder, env: environment(), detached: true, stdio: "ignore" }),
    read: (path) => readFileSync(join(folder, path), "utf8"),
    write: (path, text) => writeFileSync(join(folder, path), text),
  };
}

/** Tracked and untracked files that git doesn't ignore, so a test sees the working tree without build results. */
function copySources(folder: string, application: string): void {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: checkout, encoding: "utf8" });
  for (const path of listed.split("\n").filter((each) => each && !/^(test|docs)\//.test(each))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(checkout, path), join(folder, path), { force: true });
  }
  symlinkSync(join(checkout, "node_modules"), join(folder, "node_modules"));
  const own = join(folder, "sql", application);
  renameSync(join(folder, "sql", "ecommerce"), own);
  for (const file of readdirSync(own)) {
    writeFileSync(join(own, file), readFileSync(join(own, file), "utf8").replaceAll("ecommerce", application));
  }
}

function stackFile(application: string, settings: Readonly<Record<string, unknown>>): string {
  return stringify({
    config: {
      "tenantry:application": application,
      "tenantry:citus": "auto",
      "tenantry:shardCount": 4,
      "tenantry:endpoints": { file: "../endpoints.yaml" },
      ...settings,
    },
  });
}

function tenantryIn(folder: string): string {
  return join(folder, "cli", "tenantry");
}

function environment(): NodeJS.ProcessEnv {
  const { PULUMI_BACKEND_URL: _url, PULUMI_CONFIG_PASSPHRASE: _word, ...rest } = process.env;
  return { ...rest, NO_COLOR: "1" };
}

async function runTenantry(folder: string, args: readonly string[]): Promise<Outcome> {
  const options = { cwd: folder, env: environment(), maxBuffer: 64 * 2 ** 20 };
  try {
    const { stdout, stderr } = await promisify(execFile)(tenantryIn(folder), [...args], options);
    return { code: 0, text: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, text: `${stdout}${stderr}` };
  }
}
