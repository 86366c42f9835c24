import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { type Problem, refuseIfAny } from "../common/problem";
import { manifest } from "../common/system/checkout";
import { projectRoot } from "../common/system/project";
import { run } from "../common/system/run";
import { findProgram } from "./pulumi-programs";

export type Plugin = "kubernetes" | "postgresql";

/** The Pulumi plugins that a stack needs besides ours, from the text of its file. Does not validate the file. */
export function neededPlugins(stackFile: string): readonly Plugin[] {
  const config = mapping(mapping(parsed(stackFile)).config);
  const provisions = config["tenantry:platform"] === "kubernetes";
  const roles = mapping(config["tenantry:postgres"]).manageRoles ?? provisions;
  return [
    ...(provisions ? (["kubernetes"] as const) : []),
    ...(String(roles) === "true" ? (["postgresql"] as const) : []),
  ];
}

/** Downloads missing plugins. Throws Problems for plugins that can't be downloaded, before Pulumi fails on them. */
export async function requirePlugins(
  pulumi: string,
  plugins: readonly Plugin[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const problems: Problem[] = [];
  for (const plugin of plugins) {
    const version = manifest.dependencies[`@pulumi/${plugin}`] ?? "";
    if (isThere(plugin, version, env)) continue;
    process.stderr.write(`Downloading Pulumi's plugin ${plugin} ${version} …\n`);
    // Pulumi takes an empty folder for an installed plugin, hence `--reinstall`.
    const args = ["plugin", "install", "--reinstall", "resource", plugin, version];
    const { code, stdout, stderr } = await run(pulumi, args, { env, cwd: projectRoot, timeoutMs: 600_000 });
    if (code !== 0) problems.push(missing(plugin, version, `${stdout}${stderr}`));
  }
  refuseIfAny(problems);
}

function isThere(plugin: Plugin, version: string, env: NodeJS.ProcessEnv): boolean {
  const installed = join(env.PULUMI_HOME || join(homedir(), ".pulumi"), "plugins", `resource-${plugin}-v${version}`);
  const path = (env.PATH ?? "").split(delimiter);
  // Pulumi leaves a `.partial` file beside a folder that it did not finish.
  const directories = existsSync(`${installed}.partial`) ? path : [...path, installed];
  return findProgram(`pulumi-resource-${plugin}`, directories) !== undefined;
}

function missing(plugin: Plugin, version: string, output: string): Problem {
  return {
    what: `Pulumi's plugin ${plugin} is missing, and could not be downloaded`,
    got: output.trim().split("\n").at(-1)?.trim() ?? "",
    expected: `version ${version} in Pulumi's plugins, or \`pulumi-resource-${plugin}\` on PATH`,
    fix: `Run \`pulumi plugin install resource ${plugin} ${version}\` on a machine that can download, and copy its ~/.pulumi/plugins to this one`,
  };
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
