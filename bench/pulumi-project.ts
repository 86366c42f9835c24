import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { stringify } from "yaml";
import type { Endpoints } from "../architecture/endpoints";
import { root } from "../common/system/checkout";
import { run } from "../common/system/run";
import { findProgram, pulumiDirectories } from "../pulumi-cli/pulumi-programs";
import { noTypeChecks, stateAtTheEnd } from "../pulumi-cli/stack";

/** A Pulumi project in its own folder, with the checkout's node_modules. Its state is in files beside it. */
export interface PulumiProject {
  readonly folder: string;
  /** Runs Pulumi on the project's stack. Returns the seconds; throws an error with the end of Pulumi's output. */
  pulumi(verb: "preview" | "up" | "destroy", ...options: string[]): Promise<number>;
}

const stack = "bench";

/** The files and folders that the toolkit's program needs. */
const rooms = [
  "architecture",
  "cluster",
  "common",
  "components",
  "connectors",
  "kafka",
  "lint",
  "planner",
  "policy",
  "provider",
  "settings",
  "stacks",
];
const files = ["index.ts", "program.ts", "package.json", "Pulumi.yaml", "tsconfig.json", "sql/base"];

/** Copies the toolkit, with its own application and stack, and runs it as `tenantry up` does. */
export async function withToolkit<T>(
  application: string,
  endpoints: Endpoints,
  fillApplication: (folder: string) => void,
  work: (project: PulumiProject) => Promise<T>,
): Promise<T> {
  return withProject(
    (folder) => {
      for (const path of [...rooms, ...files]) cpSync(join(root, path), join(folder, path), { recursive: true });
      const applicationFolder = join(folder, "sql", application);
      mkdirSync(applicationFolder, { recursive: true });
      fillApplication(applicationFolder);
      writeFileSync(join(folder, "endpoints.yaml"), stringify(endpoints), { mode: 0o600 });
      const config = {
        "tenantry:application": application,
        "tenantry:citus": "auto",
        "tenantry:shardCount": 4,
        "tenantry:endpoints": { file: "../endpoints.yaml" },
      };
      writeFileSync(join(folder, "stacks", `Pulumi.${stack}.yaml`), stringify({ config }));
    },
    noTypeChecks,
    work,
  );
}

/** Makes the project that `pulumi new typescript` makes. */
export async function withEmptyProgram<T>(work: (project: PulumiProject) => Promise<T>): Promise<T> {
  return withProject(
    (folder) => {
      const compilerOptions = {
        strict: true,
        outDir: "bin",
        target: "es2020",
        module: "commonjs",
        moduleResolution: "node",
        sourceMap: true,
        experimentalDecorators: true,
        pretty: true,
        noFallthroughCasesInSwitch: true,
        noImplicitReturns: true,
        forceConsistentCasingInFileNames: true,
      };
      const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
      write("index.ts", 'import * as pulumi from "@pulumi/pulumi";\n');
      write("package.json", JSON.stringify({ name: "empty", main: "index.ts" }));
      write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["index.ts"] }));
      write("Pulumi.yaml", "name: empty\nruntime:\n  name: nodejs\n  options:\n    packagemanager: npm\n");
    },
    {},
    work,
  );
}

/** @param settings further environment variables of the program */
async function withProject<T>(
  fill: (folder: string) => void,
  settings: Readonly<Record<string, string>>,
  work: (project: PulumiProject) => Promise<T>,
) {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-bench-"));
  try {
    fill(folder);
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const project = await openProject(folder, settings);
    return await work(project);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openProject(folder: string, settings: Readonly<Record<string, string>>): Promise<PulumiProject> {
  const directories = await pulumiDirectories();
  const program = findProgram("pulumi", directories);
  if (!program) throw new Error("The Pulumi CLI was not found: run `make setup`");
  const state = join(folder, ".state");
  mkdirSync(state, { mode: 0o700 });
  const env = {
    ...stateAtTheEnd,
    ...settings,
    ...process.env,
    PATH: directories.join(delimiter),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: randomBytes(12).toString("base64url"),
  };
  const pulumi = async (args: readonly string[]): Promise<number> => {
    const start = performance.now();
    const { code, stdout, stderr } = await run(program, [...args, "--non-interactive"], { cwd: folder, env });
    if (code === 0) return (performance.now() - start) / 1_000;
    const end = `${stdout}${stderr}`.trim().split("\n").slice(-12).join("\n");
    throw new Error(`pulumi ${args[0]} ended with ${code}:\n${end}`);
  };
  await pulumi(["stack", "init", stack]);
  return { folder, pulumi: (verb, ...options) => pulumi([verb, "--stack", stack, ...options]) };
}
