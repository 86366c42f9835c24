import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { ConnectorInputs } from "../../architecture/data-plane/declaration";
import { isSql } from "../../architecture/sql/sql-file";
import { fromWire } from "../../provider/protocol/input-schemas";
import { resourceHandlers } from "../../provider/protocol/resource-handlers";
import { serversUnknown } from "../../settings/stack-file";

/** A resource that the program declared. */
export interface DeclaredResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** The resources that the program declares for a stack. Uses Pulumi's mocks, so it needs no cluster, CLI or account. Not reentrant. */
export async function declaredBy(stack: string): Promise<DeclaredResource[]> {
  process.env[serversUnknown] = "1";
  const declared: DeclaredResource[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, id }) => {
        declared.push({ type, name, inputs });
        return { id: id ?? name, state: inputs };
      },
      call: () => ({}),
    },
    "tenantry",
    stack,
    true,
  );
  // Loaded here because resources register with the mocks that are set when the program is loaded.
  const { program } = await import("../../program.js");
  await program();
  await pulumi.runtime.disconnect();
  return declared.filter(({ type }) => !type.startsWith("pulumi:pulumi:"));
}

/** Renders the resources for review, sorted: manifests, SQL and connector configurations, without secrets. */
export function renderPreview(declared: readonly DeclaredResource[]): string {
  return declared
    .map((resource) => ({ key: `${resource.type} ${resource.name}`, resource }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, resource }) => stringify({ resource: key, ...body(resource) }, { lineWidth: 0 }))
    .join("---\n");
}

function body({ type, inputs }: DeclaredResource): object {
  const noun = /^tenantry:index:(\w+)$/.exec(type)?.[1];
  const handler = [...resourceHandlers].find(([known]) => known === noun)?.[1];
  if (!handler) return sorted(inputs);
  // Reviewers see the SQL file itself.
  const { path } = inputs;
  if (noun === "Migration" && typeof path === "string" && isSql(path)) return { file: path };
  const run = handler.preview(undefined, fromWire(handler.noun, inputs)).join("\n");
  return noun === "Connector" ? { run, config: sorted((inputs as unknown as ConnectorInputs).config) } : { run };
}

/** The key with which Pulumi marks a secret in its protocol. */
const secretSignature = "4dabf18193072939515e22adb298388d";

function sorted(value: object): object {
  const entries = Object.entries(value).map(
    ([key, part]) => [key, isOfFiles(key) ? "[of the files]" : shown(part)] as const,
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** True for a file of `sql/` in a ConfigMap, and for a digest of them. Reviewers see the files themselves. */
function isOfFiles(key: string): boolean {
  return key.startsWith("sql.") || key === "tenantry.io/project";
}

/** Replaces secrets and certificates by placeholders, because they differ in every run. */
function shown(value: unknown): unknown {
  if (typeof value === "string") {
    return value.replaceAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g, "[certificate]");
  }
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return secretSignature in value ? "[secret]" : sorted(value);
}
