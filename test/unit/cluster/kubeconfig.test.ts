import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { kubeconfigFiles, openKubeconfig } from "../../../cluster/kubeconfig";
import { kubernetesSchema } from "../../../settings/kubernetes-settings";

function kubeconfig(context: string, server: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "tenantry-kubeconfig-")), "config");
  writeFileSync(
    file,
    JSON.stringify({
      "current-context": "elsewhere",
      clusters: [{ name: "c", cluster: { server } }],
      contexts: [{ name: context, context: { cluster: "c", user: "u" } }],
      users: [{ name: "u", user: { token: "hush" } }],
    }),
  );
  return file;
}

const settings = kubernetesSchema.parse({
  context: "staging",
  server: "https://10.0.0.1:6443",
  namespace: "shop",
  workers: 1,
});

test("accepts a context that leads to the stack's cluster even if another context is current", async () => {
  const config = await openKubeconfig(settings, [kubeconfig("staging", "https://10.0.0.1:6443")]);
  assert.equal(config.currentContext, "staging");
});

test("rejects a context of the right name that leads to another cluster, with both addresses", async () => {
  await assert.rejects(
    openKubeconfig(settings, [kubeconfig("staging", "https://10.0.0.2:6443")]),
    /leads to another cluster[\s\S]*got: +https:\/\/10\.0\.0\.2:6443\n +expected: https:\/\/10\.0\.0\.1:6443/,
  );
});

test("rejects a kubeconfig without the stack's context, and lists its contexts without secrets", async () => {
  await assert.rejects(openKubeconfig(settings, [kubeconfig("stagin", "https://10.0.0.1:6443")]), (error: Error) => {
    assert.match(error.message, /no context `staging`[\s\S]*got: +`stagin`[\s\S]*context` to `stagin`/);
    assert.doesNotMatch(error.message, /hush/);
    return true;
  });
});

test("reports the paths where it looked for a missing kubeconfig", async () => {
  await assert.rejects(openKubeconfig(settings, ["/nowhere/config"]), /got: +none[\s\S]*\/nowhere\/config/);
});

test("reads the files in KUBECONFIG; if a name occurs twice, the first file wins", async () => {
  assert.deepEqual(kubeconfigFiles({ KUBECONFIG: "/a:/b" }), ["/a", "/b"]);
  assert.match(kubeconfigFiles({})[0] ?? "", /\.kube\/config$/);
  const files = [kubeconfig("staging", "https://10.0.0.1:6443"), kubeconfig("staging", "https://10.0.0.2:6443")];
  await openKubeconfig(settings, files);
});

test("reports the path of a file that is not a kubeconfig", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "tenantry-kubeconfig-")), "config");
  writeFileSync(file, "contexts: [{}]");
  await assert.rejects(
    openKubeconfig(settings, [file]),
    new RegExp(`^Problems: ${file}: The kubeconfig cannot be read`),
  );
});
