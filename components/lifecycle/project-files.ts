import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";

/** Where the pods find the project, and the endpoints with the login. */
export const podPaths = {
  project: "/project",
  endpointsFolder: "/run/tenantry",
  endpoints: "/run/tenantry/endpoints.yaml",
} as const;

/**
 * The project as the pods see it: its name, the stack file for pods, and the application's folder.
 *
 * @param folder the project's own
 */
export function projectFiles(
  folder: string,
  { project, stack, application }: { readonly project: string; readonly stack: string; readonly application: string },
  stackFile: string,
): Record<string, string> {
  const sql = join(folder, "sql", application);
  const described = readdirSync(sql, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(sql|ya?ml)$/.test(entry.name))
    .map(({ name }) => [`sql/${application}/${name}`, readFileSync(join(sql, name), "utf8")] as const);
  return {
    "Pulumi.yaml": stringify({ name: project, runtime: "nodejs" }),
    [`stacks/Pulumi.${stack}.yaml`]: stackFile,
    ...Object.fromEntries(described.toSorted(([one], [other]) => (one < other ? -1 : 1))),
  };
}

/** True if a ConfigMap can hold the file and a pod mount it under this path. */
export function isProjectFile(path: string): boolean {
  return /^[-.\w]+(\/[-.\w]+)*$/.test(path) && !path.split("/").includes("..");
}

/** The key of a file in the ConfigMap, whose keys have no slashes. */
export function fileKey(path: string): string {
  return path.replaceAll("/", ".");
}
