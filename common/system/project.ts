import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { nearest, root } from "./checkout";

/**
 * The user's project, with `sql/` and `stacks/`: the folder of the nearest Pulumi.yaml above the working directory; or
 * above the toolkit, for a checkout that is called from elsewhere; or above the caller's directory, because Pulumi starts
 * a policy pack in the pack's folder, which npm may have installed beside the project.
 */
export const projectRoot =
  [process.cwd(), root, process.env.PWD ?? ""].map((folder) => nearest("Pulumi.yaml", folder)).find(Boolean) ??
  process.cwd();

/** What belongs to this project and is not in version control. */
export const workDirectory = join(projectRoot, ".tenantry");

/** The name of the Pulumi project, by which its state is kept. */
export function projectName(): string {
  return (parse(readFileSync(join(projectRoot, "Pulumi.yaml"), "utf8")) as { readonly name: string }).name;
}
