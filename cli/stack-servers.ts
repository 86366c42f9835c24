import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { type Endpoints, endpointsSchema } from "../architecture/endpoints";
import { Problems } from "../common/problem";
import { projectRoot } from "../common/system/project";
import { openStack } from "../pulumi-cli/stack";
import type { Settings } from "../settings/settings";

/** A stack's servers, for commands that connect to them. */
export interface Servers {
  readonly endpoints: Endpoints;
  /** The endpoints from which `up` declared its resources: without secrets, and with names for use inside the cluster. */
  readonly declared: Endpoints;
}

const outputSchema = z.object({ endpoints: endpointsSchema, declared: endpointsSchema });

/** Reads the servers from the stack file or, if the stack provisions them, from the encrypted state of `up`. */
export async function serversOf(stack: string, { endpoints, kubernetes }: Settings): Promise<Servers> {
  if (kubernetes) return outputSchema.parse(JSON.parse(await output(stack)));
  if (endpoints) return { endpoints, declared: endpoints };
  throw unknown(
    stack,
    stack === "local" ? "start it with `tenantry local up`" : "write `tenantry:endpoints` into the stack file",
  );
}

async function output(stack: string): Promise<string> {
  const { pulumi, env } = await openStack(stack);
  const args = ["stack", "output", "servers", "--show-secrets", "--json", "--stack", stack];
  try {
    return (await promisify(execFile)(pulumi, args, { cwd: projectRoot, env })).stdout;
  } catch {
    throw unknown(stack, `bring it up with \`tenantry up -s ${stack}\``);
  }
}

function unknown(stack: string, fix: string): Problems {
  return new Problems([{ what: `The endpoints of the stack \`${stack}\` are not known`, fix }]);
}
