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

/** The plugins of Pulumi that a stack needs besides ours, by the text of its file. Whether that is right is not asked here. */
export function neededPlugins(stackFile: string): readonly Plugin[] {
  const config = mapping(mapping(parsed(stackFile))["config"]);
  const provisions = config["tenantry:platform"] === "kubernetes";
  const roles = mapping(config["tenantry:postgres"])["manageRoles"] ?? provisions;
  return [
    ...(provisions ? (["kubernetes"] as const) : []),
    ...(String(roles) === "true" ? (["postgresql"] as const) : []),
  ];
}

/** Downloads those that are missing. Throws Problems for those that can't be had, before Pulumi would. */
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
    // For Pulumi an empty folder is the plugin.
    const args = ["plugin", "install", "--reinstall", "resource", plugin, version];
    const { code, stdout, stderr } = await run(pulumi, args, { env, cwd: projectRoot, timeoutMs: 600_000 });
    if (code !== 0) problems.push(missing(plugin, version, `${stdout}${stderr}`));
  }
  refuseIfAny(problems);
}

function isThere(plugin: Plugin, version: string, env: NodeJS.ProcessEnv): boolean {
  const installed = join(env["PULUMI_HOME"] || join(homedir(), ".pulumi"), "plugins", `resource-${plugin}-v${version}`);
  const path = (env["PATH"] ?? "").split(delimiter);
  // Beside a folder that it has not filled to the end Pulumi leaves a mark.
  const directories = existsSync(`${installed}.partial`) ? path : [...path, installed];
  return findProgram(`pulumi-resource-${plugin}`, directories) !== undefined;
}

function missing(plugin: Plugin, version: string, output: string): Problem {
  return {
    what: `Pulumi's plugin ${plugin} is missing, and could not be downloaded`,
    got: output.trim().split("\n").at(-1)?.trim() ?? "",
    expected: `version ${version} in Pulumi's plugins, or \`pulumi-resource-${plugin}\` on PATH`,
    fix: `Run \`pulumi plugin install resource ${plugin} ${version}\` where downloads work, and copy ~/.pulumi/plugins from there if that is not here`,
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
