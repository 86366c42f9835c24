import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Pulumi's log, beside the resource that a line is about. */
export interface Engine {
  info(urn: string, message: string): void;
  warn(urn: string, message: string): void;
}

/** `address` is missing only where somebody starts the provider by hand: then there is nobody to tell. */
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
