import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { connectEngine } from "./engine";
import { resourceHandlers } from "./resource-handlers";
import { createService } from "./service";

const orphanCheckMs = 200;

/** Serves the provider until Pulumi ends it, or Pulumi itself is gone. */
async function main(engineAddress: string | undefined): Promise<void> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": 64 * 2 ** 20 });
  server.addService(ResourceProviderService, createService(connectEngine(engineAddress), resourceHandlers));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  endWhenAsked(server);
  process.stdout.write(`${port}\n`);
}

/** Pulumi stops its providers with SIGINT and waits some seconds. Running calls finish first. */
function endWhenAsked(server: grpc.Server): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => server.tryShutdown(() => process.exit(0)));
  }
}

/** A killed Pulumi can't stop its providers, and a provider left behind would keep the advisory lock. */
function endWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, orphanCheckMs).unref();
}

endWithParent();
void main(process.argv.at(-1));
