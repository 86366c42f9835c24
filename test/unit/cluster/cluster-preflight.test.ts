import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { requireReady } from "../../../cluster/cluster-preflight";
import { kubernetesSchema } from "../../../settings/kubernetes-settings";

test("an unexpected answer is not reported as a cluster that does not answer", async (t) => {
  // It answers yes to every request, and returns no list where one is expected.
  const yes = { minor: "33", status: { allowed: true }, metadata: { labels: { "tenantry.io/stack": "dev" } } };
  const server = createServer((_, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(yes));
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const file = join(mkdtempSync(join(tmpdir(), "tenantry-kubeconfig-")), "config");
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(
    file,
    JSON.stringify({
      clusters: [{ name: "c", cluster: { server: address, "insecure-skip-tls-verify": true } }],
      contexts: [{ name: "dev", context: { cluster: "c", user: "u" } }],
      users: [{ name: "u", user: { token: "hush" } }],
    }),
  );
  process.env.KUBECONFIG = file;
  const settings = kubernetesSchema.parse({ context: "dev", namespace: "shop", workers: 1 });
  await assert.rejects(requireReady(settings, [], "dev"), TypeError);
});
