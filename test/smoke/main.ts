import { delimiter } from "node:path";
import { Problems } from "../../common/problem";
import { plainTable } from "../../common/table";
import { findProgram } from "../../pulumi-cli/pulumi-programs";
import { currentContext, kindCluster, kubectl, signalBy } from "./kubernetes";
import { type Place, placeOf } from "./place";
import { stack } from "./stack";
import { type Setting, steps } from "./steps";

/** `make smoke`: runs the whole life of a stack on a real cluster, shows progress, and prints a table at the end. */
async function main(): Promise<void> {
  const path = (process.env.PATH ?? "").split(delimiter);
  const programs = ["kubectl", "kind", "docker", "podman"].filter((name) => findProgram(name, path));
  const place = placeOf(process.env, new Set(programs));
  const rows: string[][] = [];
  const cleaning: (() => Promise<unknown>)[] = [];
  const step = async <T extends string>(name: string, run: () => Promise<T>): Promise<T> => {
    const started = Date.now();
    console.log(`${new Date().toISOString().slice(11, 19)}  ${name} …`);
    const took = () => `${Math.round((Date.now() - started) / 1_000)} s`;
    try {
      const seen = await run();
      if (interrupted) throw new Error("interrupted");
      console.log(`          ${name}: ${seen} (${took()})`);
      rows.push([name, "pass", took(), seen]);
      return seen;
    } catch (error) {
      rows.push([name, "FAIL", took(), reasonOf(error as Error)]);
      throw error;
    }
  };
  // The signal reaches the step's programs too: the step fails, and the test removes everything that it created.
  let interrupted = false;
  process.on("SIGINT", () => {
    interrupted = true;
  });
  try {
    const setting = await prepare(place, step, cleaning);
    for (const { name, run } of steps) await step(name, () => run(setting));
  } finally {
    if (process.env.TENANTRY_KEEP)
      console.log("Kept because of TENANTRY_KEEP: stack `smoke`, its namespace and its cluster.");
    else for (const clean of cleaning.reverse()) await clean().catch((error: Error) => console.error(error.message));
    console.log(`\n${plainTable(["step", "result", "time", "seen"], rows)}`);
  }
}

/** The first error of a step's program, for one line of the table. */
function reasonOf({ message }: Error): string {
  return /\berror: (.+)/.exec(message)?.[1] ?? message.split("\n", 1)[0] ?? "";
}

async function prepare(
  place: Place,
  step: (name: string, run: () => Promise<string>) => Promise<string>,
  cleaning: (() => Promise<unknown>)[],
): Promise<Setting> {
  const kind = place.kind ? kindCluster(place.engine) : undefined;
  if (kind) {
    await step("cluster", async () => {
      await kind.create();
      cleaning.push(() => kind.delete());
      return kind.context;
    });
    await step("images", async () => (await kind.loadImages()).join(", "));
  }
  const namespace = "tenantry-smoke";
  const context = kind ? kind.context : await currentContext();
  const cluster = kubectl(context, namespace);
  if (await cluster.exists()) {
    throw new Problems([
      {
        what: `The namespace \`${namespace}\` exists already`,
        fix: `Check that no other smoke test is running; then run \`kubectl --context ${context} delete namespace ${namespace}\``,
      },
    ]);
  }
  const keys = {
    context,
    namespace,
    // The test runs outside the cluster, on a network that reaches its machines.
    access: { nodePort: { host: await cluster.machine(), from: ["0.0.0.0/0"] } },
    ...(!place.kind && { image: place.citus, connect: { image: place.connect } }),
    ...place.keys,
  };
  stack.write(keys);
  cleaning.push(async () => stack.remove());
  cleaning.push(async () => {
    if (await cluster.exists()) await stack.tenantry("destroy", "--yes", "--skip-preview");
  });
  const signalApiServer =
    kind?.signalApiServer ?? (!place.kind && place.signalApiServer ? signalBy(place.signalApiServer) : undefined);
  return { application: "ecommerce", cluster, keys, ...(signalApiServer && { signalApiServer }) };
}

main().catch((error: unknown) => {
  // The message contains the output of the step's program. A stack trace of this program would not help.
  console.error((error as Error).message);
  process.exitCode = 1;
});
