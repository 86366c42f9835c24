import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "yaml";
import { podStackFile } from "../../../settings/pod-stack-file";
import { loadSettings } from "../../../settings/stack-file";
import { endpoints, kubernetes, noSecrets, problemsOf, stackFolder } from "./stack-file";

const servers = "  tenantry:kubernetes: { context: kind, namespace: shop, workers: 1 }\n";
const bucket = "  tenantry:store: { bucket: rows }\n";

test("a run begins each hour, may take six, and has a GiB of memory", async () => {
  const folder = stackFolder(`${kubernetes}${servers}${bucket}  tenantry:lifecycle: {}\n`);
  assert.deepEqual((await loadSettings("dev", noSecrets, folder)).lifecycle, {
    schedule: "17 * * * *",
    deadline: { count: 6, unit: "hour" },
    temporary: { bytes: 10 * 2 ** 30 },
    cpu: "250m",
    memory: { bytes: 2 ** 30 },
    image: "ghcr.io/tenantry/tenantry:0.1.0",
  });
});

test("accepts schedules as cron writes them, and rejects others", async () => {
  for (const schedule of ["*/10 * * * *", "0 2 * * 1-5", "5,35 0-6/2 1 JAN MON"]) {
    const folder = stackFolder(`${kubernetes}${servers}${bucket}  tenantry:lifecycle: { schedule: "${schedule}" }\n`);
    assert.equal((await loadSettings("dev", noSecrets, folder)).lifecycle?.schedule, schedule);
  }
  for (const schedule of ["hourly", "* * * *", "* * * * * *", "; * * * *"]) {
    const said = await problemsOf(
      `${kubernetes}${servers}${bucket}  tenantry:lifecycle: { schedule: "${schedule}" }\n`,
    );
    assert.match(said, /five fields as in cron/, schedule);
  }
});

test("rejects pods where the platform has none or the stack no store, and a folder for pods", async () => {
  assert.match(
    await problemsOf(`${kubernetes}${servers}  tenantry:lifecycle: {}\n`),
    /to a store, and the stack has none/,
  );
  const external = "config:\n  tenantry:application: shop\n";
  assert.match(await problemsOf(`${external}  tenantry:lifecycle: {}\n`), /`tenantry:lifecycle` describes pods/);
  assert.match(
    await problemsOf(`${kubernetes}${servers}  tenantry:store: { folder: rows }\n`),
    /Pulumi\.dev\.yaml:\d+:\d+: Pods on different machines[\s\S]*a folder can't be their store/,
  );
});

test("the pods' stack file is that of existing servers, and holds no secret", async () => {
  const text = `${kubernetes}${servers}  tenantry:shardCount: 12
  tenantry:lifecycle: { schedule: "0 * * * *" }
  tenantry:postgres: { manageRoles: true }
  tenantry:store: { bucket: rows, endpoint: "http://store:9000", accessKeyId: id, secretAccessKey: { secure: v1:abc } }
`;
  const pods = podStackFile(text, "/run/tenantry/endpoints.yaml");
  assert.deepEqual(parse(pods), {
    config: {
      "tenantry:application": "shop",
      "tenantry:shardCount": 12,
      "tenantry:store": { bucket: "rows", endpoint: "http://store:9000" },
      "tenantry:platform": "external",
      "tenantry:endpoints": { file: "/run/tenantry/endpoints.yaml" },
    },
  });
  const folder = stackFolder(podStackFile(text, "endpoints.yaml"), JSON.stringify(endpoints));
  const loaded = await loadSettings("dev", noSecrets, folder);
  assert.equal(loaded.endpoints?.postgres.host, "db");
  assert.equal(loaded.shardCount, 12);
});
