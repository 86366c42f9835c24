import { runLifecycle } from "../../lifecycle/lifecycle-run";
import { openStore } from "../../store/open-store";

/** A process of its own that runs the lifecycle of a database as its standard input describes it, for tests that kill it. */
async function main(): Promise<void> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  const { folder, now, ...run } = JSON.parse(text);
  const store = await openStore({ folder, prefix: "shop/test" });
  const { failures } = await runLifecycle({ ...run, store, now: new Date(now), eventSchemas: [], log: () => {} });
  for (const { what, error } of failures) process.stderr.write(`${what}: ${error}\n`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error}\n`);
  process.exitCode = 2;
});
