import { join } from "node:path";
import { Command } from "commander";
import { loadApplication } from "../architecture/application-loader";
import { databasesOf } from "../architecture/data-plane/application-databases";
import type { Declaration } from "../architecture/data-plane/declaration";
import { projectRoot } from "../common/system/project";
import { resourceHandlers } from "../provider/protocol/resource-handlers";
import type { Settings } from "../settings/settings";
import { loadSettings } from "../settings/stack-file";
import { revealSecret } from "./reveal-secret";

interface Flags {
  readonly stack: string;
}

/** `tenantry sql [APPLICATION] -s STACK` */
export function command(): Command {
  return new Command("sql")
    .description("Print everything that applying to an empty database would run, in order. Asks no server.")
    .argument("[APPLICATION]", "a folder in sql/, in place of the stack's own")
    .option("-s, --stack <STACK>", "the stack whose settings and nodes apply", "local")
    .action(async (name: string | undefined, { stack }: Flags) => {
      const settings = await loadSettings(stack, revealSecret(stack));
      process.stdout.write(await renderApplication({ ...settings, application: name ?? settings.application }));
    });
}

/** Renders the SQL and the REST calls of a stack's application, grouped by resource. */
export async function renderApplication(settings: Settings): Promise<string> {
  const loaded = await loadApplication(join(projectRoot, "sql", settings.application), settings.defaults);
  const databases = databasesOf(loaded, settings, settings.endpoints);
  return databases
    .map(({ name, applications, declarations }) => {
      const scope = applications[0]?.scope;
      const title = scope?.model === "silo" ? [`-- DATABASE ${name}, the silo of ${scope.tenant.name}`, ""] : [];
      return [...title, ...declarations.map(render)].join("\n");
    })
    .join("\n");
}

function render({ noun, name, inputs }: Declaration): string {
  const handler = resourceHandlers.get(noun);
  if (!handler) throw new Error(`There is no kind of resource ${noun}`);
  return [`-- ${noun} ${name}`, ...handler.preview(undefined, inputs).map(ended), ""].join("\n");
}

/** Adds the semicolon to SQL, but not to comments and REST calls. */
function ended(line: string): string {
  return /^(--|(GET|PUT|POST|DELETE|PATCH) \/)|;\s*$/.test(line) ? line : `${line};`;
}
