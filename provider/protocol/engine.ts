import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Pulumi's log. Each line names the resource that it belongs to. */
export interface Engine {
  info(urn: string, message: string): void;
  warn(urn: string, message: string): void;
}

/**
 * Connects to the engine's log. Without `address`, when somebody starts the provider by hand, messages are discarded.
 */
export function connectEngine(address: string | undefined): Engine {
  if (!address?.includes(":")) return { info: () => {}, warn: () => {} };
  const client = new EngineClient(address, grpc.credentials.createInsecure());
  const send = (severity: LogSeverity, urn: string, message: string): void => {
    const request = new LogRequest();
    request.setSeverity(severity);
    request.setUrn(urn);
    request.setMessage(message);
    client.log(request, () => {}); // A log line that can't be delivered must not fail the work that it reports.
  };
  return {
    info: (urn, message) => send(LogSeverity.INFO, urn, message),
    warn: (urn, message) => send(LogSeverity.WARNING, urn, message),
  };
}
