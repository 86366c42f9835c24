import { Pool } from "pg";
import { openKafka } from "../../kafka/kafka-client";
import { readEndpoints } from "../../local/endpoints-file";
import { consume } from "./consume";
import { consumer, projectRecord, topics } from "./order-summaries";

/**
 * Keeps `ecommerce.order_summaries` up to date until Ctrl-C or SIGTERM stops it. The argument is a file of endpoints;
 * `tenantry local up` writes the default file.
 */
async function main(file = ".tenantry/local/endpoints.yaml"): Promise<void> {
  const { postgres, kafka } = readEndpoints(file);
  const login = postgres.roles.app;
  if (!login) throw new Error(`${file} has no login of the role app`);
  const { host, port, database } = postgres;
  const pool = new Pool({ host, port, database, user: login.user, password: login.password, max: 3 });
  // The pool replaces a broken idle connection at its next use.
  pool.on("error", () => {});
  const running = await consume({
    kafka: openKafka(kafka, consumer),
    groupId: `ecommerce-${consumer}`,
    topics,
    parkingTopic: `ecommerce.${consumer}.parked`,
    handle: async (record) => {
      const outcome = await projectRecord(pool, record);
      console.log(`${record.type} ${record.key}: ${outcome}`);
    },
    onFailure: (failure) => console.error(JSON.stringify(failure)),
  });
  const stop = async () => {
    await running.stop();
    await pool.end();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
