import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { manifest, root } from "../common/system/checkout";
import { failureText } from "./failure";

/** A command whose module is loaded only when it runs, because loading all modules takes seconds. */
interface LazyCommand {
  readonly summary: string;
  load(): { command(): Command };
}

const commands: Readonly<Record<string, LazyCommand>> = {
  setup: { summary: "install what the rest needs", load: () => require("./setup") },
  local: { summary: "the embedded servers: PostgreSQL or Citus, Kafka, Connect", load: () => require("./local") },
  sql: { summary: "print what applying an application would run", load: () => require("./sql") },
  lint: { summary: "find what harms a running system, in SQL and descriptions", load: () => require("./lint") },
  plan: { summary: "an architecture for a workload, with reasons", load: () => require("./plan") },
  verify: { summary: "look at a running stack: isolation, events, drift", load: () => require("./verify") },
  events: { summary: "events that stop a connector: which, why, and the way out", load: () => require("./events") },
  lifecycle: { summary: "the tiers of old rows: move, look, hold, erase", load: () => require("./lifecycle") },
  evolve: { summary: "change columns in phases while the application runs", load: () => require("./evolve") },
  demo: { summary: "traffic on a running stack, compared with what arrived", load: () => require("./demo") },
  // Its parts measure a checkout.
  ...(existsSync(join(root, "bench")) && {
    bench: { summary: "throughput, latency and overhead, as ratios", load: () => require("./bench") },
  }),
  rotate: {
    summary: "replace a stack's passwords and certificates with the next `up`",
    load: () => require("./rotate"),
  },
  up: ofPulumi("up", "apply a stack"),
  preview: ofPulumi("preview", "show what `up` would change"),
  "preview-report": { summary: "a preview as a pull request's comment", load: () => require("./preview-report") },
  refresh: ofPulumi("refresh", "take what is really there into the state"),
  destroy: ofPulumi("destroy", "remove what a stack made"),
};

function ofPulumi(verb: string, summary: string): LazyCommand {
  return { summary, load: () => ({ command: () => require("./pulumi").command(verb) }) };
}

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command("tenantry")
    .description("A multi-tenant distributed database, its events and its isolation.")
    .version(manifest.version);
  const name = (argv[2] === "help" ? argv[3] : argv[2]) ?? "";
  for (const [each, { summary, load }] of Object.entries(commands)) {
    program.addCommand(each === name ? load().command() : new Command(each).description(summary));
  }
  await program.parseAsync([...argv]);
}

main(process.argv).catch((error: unknown) => {
  console.error(failureText(error));
  process.exitCode = 1;
});
