import type { Connect } from "../../provider/connect/connect-state";
import { openDatabase } from "../../provider/postgres/postgres";
import { schemaChange } from "../../provider/resources/schema-change";

/** Applies the phase of a schema change that stands on standard input, in a process that a test kills. */
async function run(): Promise<void> {
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  const { endpoint, inputs, allow } = JSON.parse(text);
  const database = openDatabase(endpoint);
  process.stdout.write("started\n");
  await schemaChange.create(
    {
      database,
      connect: {} as Connect,
      allow: new Set<string>(allow),
      log: () => {},
      warn: () => {},
      signal: new AbortController().signal,
    },
    inputs,
  );
  await database.close();
}

void run();
