import { Command } from "commander";
import { showProgress } from "../common/system/progress";
import { setup } from "../local/setup/setup";

/** `tenantry setup` */
export function command(): Command {
  return new Command("setup")
    .description("Install what is missing: PostgreSQL with pg_partman, Kafka, Connect, Debezium, Pulumi. Checks Java.")
    .option("--json", "print the result as JSON")
    .action(async ({ json }: { readonly json?: true }) => {
      const results = await setup(showProgress());
      if (json) process.stdout.write(`${JSON.stringify(results)}\n`);
    });
}
