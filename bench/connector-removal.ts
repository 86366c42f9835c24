import type { Connect } from "../provider/connect/connect-state";
import { until } from "./patience";

/** Stops a connector and removes it with its offsets. */
export async function removeConnector(connect: Connect, name: string): Promise<void> {
  await connect.stop(name);
  await untilStopped(connect, name);
  await connect.deleteOffsets(name);
  await connect.delete(name);
}

export async function untilStopped(connect: Connect, name: string): Promise<void> {
  await until(`the connector ${name} stops`, async () => {
    const status = await connect.status(name);
    return status?.connector === "STOPPED" && status.tasks.length === 0;
  });
}
