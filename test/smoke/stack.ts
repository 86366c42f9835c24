import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { serversOf } from "../../cli/stack-servers";
import { root } from "../../common/system/checkout";
import { run } from "../../common/system/run";
import { forgetStack, openStack } from "../../pulumi-cli/stack";
import { loadSettings } from "../../settings/stack-file";
import type { Keys } from "./place";

const name = "smoke";
const file = join(root, "stacks", `Pulumi.${name}.yaml`);

const said: string[] = [];

/** The stack `kind` under another name and with a few other keys, so that the test touches no stack of the user. */
export const stack = {
  name,

  /** Writes the stack file; `keys` override `tenantry:kubernetes`. */
  write(keys: Keys): void {
    const kind = parse(readFileSync(join(root, "stacks", "Pulumi.kind.yaml"), "utf8")) as {
      config: Record<string, unknown>;
    };
    const kubernetes = laidOver(kind.config["tenantry:kubernetes"] as Keys, keys);
    writeFileSync(file, stringify({ config: { ...kind.config, "tenantry:kubernetes": kubernetes } }));
  },

  remove(): void {
    rmSync(file, { force: true });
    forgetStack(name);
  },

  /** Runs `tenantry ARGUMENTS -s smoke` and returns its output. Throws an error with its last lines if it fails. */
  async tenantry(verb: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(join(root, "cli", "tenantry"), [verb, "-s", name, ...args], {
      cwd: root,
    });
    said.push(stdout, stderr);
    if (code === 0) return stdout;
    throw new Error(
      `tenantry ${verb} ended with ${code}:\n${`${stdout}${stderr}`.trim().split("\n").slice(-40).join("\n")}`,
    );
  },

  /** The whole output of `tenantry` so far. */
  said: (): string => said.join("\n"),

  /** The stored state, with encrypted secrets. */
  async state(): Promise<string> {
    const { pulumi, env } = await openStack(name);
    const { code, stdout, stderr } = await run(pulumi, ["stack", "export", "--stack", name], { cwd: root, env });
    if (code !== 0) throw new Error(`pulumi stack export ended with ${code}:\n${stderr.trim()}`);
    return stdout;
  },

  async endpoints() {
    return (await serversOf(name, await loadSettings(name, () => undefined))).endpoints;
  },
};

/** Merges two sets of keys: objects key by key; other values are replaced. */
function laidOver(under: Keys, over: Keys): Keys {
  const isObject = (value: unknown): value is Keys =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const both = Object.entries(over).map(([key, value]) => {
    const below = under[key];
    return [key, key !== "access" && isObject(value) && isObject(below) ? { ...below, ...value } : value] as const;
  });
  return { ...under, ...Object.fromEntries(both) };
}
