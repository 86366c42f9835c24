import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { parseAllDocuments } from "yaml";
import { type ApiServer, type Manifest, skip, startApiServer } from "./api-server";

const golden = join(__dirname, "../golden/preview");
/** A folder of custom resource definitions in YAML, such as those of a Strimzi release. */
const definitions = process.env.TENANTRY_CRDS;

let server: Promise<ApiServer> | undefined;

/** One API server for all tests of this file. It stores only namespaces and definitions. */
function apiServer(): Promise<ApiServer> {
  server ??= startApiServer();
  return server;
}

after(async () => (await server)?.stop());

interface Reviewed {
  readonly resource: string;
  readonly object: Manifest;
}

/** The manifests in a stack's reviewed preview, with values for the placeholders. */
function reviewedOf(stack: string): Reviewed[] {
  return parseAllDocuments(readFileSync(join(golden, stack), "utf8"))
    .map((document) => document.toJS() as { readonly resource: string; readonly kind?: string; readonly type?: string })
    .filter(({ resource, kind }) => resource.startsWith("kubernetes:") && kind !== undefined)
    .map(({ resource, ...object }) => ({
      resource,
      object: { ...object, ...(object.kind === "Secret" && secretContent(object.type)) } as unknown as Manifest,
    }));
}

/** The keys that the API server requires for a type of Secret, because a preview hides them. */
function secretContent(type: string | undefined) {
  const keys = { "kubernetes.io/tls": ["tls.crt", "tls.key"], "kubernetes.io/basic-auth": ["username", "password"] };
  const needed = keys[type as keyof typeof keys] ?? [];
  const data = Object.fromEntries(needed.map((key) => [key, Buffer.from(key).toString("base64")]));
  return { data, stringData: undefined };
}

test("the API server accepts every manifest of every stack", { skip }, async (t) => {
  const { apply } = await apiServer();
  const groups = new Set<string>();
  for (const file of definitions ? readdirSync(definitions).filter((name) => name.endsWith(".yaml")) : []) {
    for (const document of parseAllDocuments(readFileSync(join(definitions ?? "", file), "utf8"))) {
      const definition = document.toJS() as Manifest & { readonly spec: { readonly group: string } };
      await apply(definition);
      groups.add(definition.spec.group);
    }
  }
  for (const stack of readdirSync(golden)) {
    const reviewed = reviewedOf(stack);
    // A dry run of a namespaced object needs the namespace.
    for (const { object } of reviewed.filter(({ object }) => object.kind === "Namespace")) await apply(object);
    for (const { resource, object } of reviewed) {
      const group = /^([^/]+\.[^/]+)\/v/.exec(object.apiVersion)?.[1];
      const unknown = group !== undefined && !group.endsWith(".k8s.io") && !groups.has(group);
      await t.test(`${stack} ${resource}`, { skip: unknown && `no file of TENANTRY_CRDS defines ${group}` }, () =>
        apply(object, "All"),
      );
    }
  }
});

test("the API server rejects a manifest with an unknown field", { skip }, async () => {
  const { apply } = await apiServer();
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "default" }, dato: {} };
  await assert.rejects(apply(object, "All"), /dato/);
});
