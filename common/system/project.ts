import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { nearest, root } from "./checkout";

/**
 * The user's project, which has `sql/` and `stacks/`: the folder of the nearest Pulumi.yaml above the working
 * directory. If there is none, the search starts at the toolkit, for a checkout that is called from elsewhere, then at
 * the caller's directory, because Pulumi starts a policy pack in the pack's folder, which npm may have installed beside
 * the project.
 */
export const projectRoot =
  [process.cwd(), root, process.env.PWD ?? ""].map((folder) => nearest("Pulumi.yaml", folder)).find(Boolean) ??
  process.cwd();

/** Files of this project that are not in version control. */
export const workDirectory = join(projectRoot, ".tenantry");

/** The name of the Pulumi project, under which its state is stored. */
export function projectName(): string {
  return (parse(readFileSync(join(projectRoot, "Pulumi.yaml"), "utf8")) as { readonly name: string }).name;
}
