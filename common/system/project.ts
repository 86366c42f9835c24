import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { nearest, root } from "./checkout";

/**
 * The user's project, with `sql/` and `stacks/`: the folder of the nearest Pulumi.yaml above the working directory, or
 * above the toolkit, which finds a checkout's own, and the project that a policy pack is installed in.
 */
export const projectRoot = nearest("Pulumi.yaml", process.cwd()) ?? nearest("Pulumi.yaml", root) ?? process.cwd();

/** What belongs to this project and is not in version control. */
export const workDirectory = join(projectRoot, ".tenantry");

/** The name of the Pulumi project, by which its state is kept. */
export function projectName(): string {
  return (parse(readFileSync(join(projectRoot, "Pulumi.yaml"), "utf8")) as { readonly name: string }).name;
}
