import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { type Endpoints, endpointsSchema } from "../architecture/endpoints";
import { Problems } from "../common/problem";
import { projectRoot } from "../common/system/project";
import { openStack } from "../pulumi-cli/stack";
import type { Settings } from "../settings/settings";

/** A stack's servers, for commands that look at them. */
export interface Servers {
  readonly endpoints: Endpoints;
  /** As `up` declared its resources from them: without secrets, and by the names that hold inside a cluster. */
  readonly declared: Endpoints;
}

const outputSchema = z.object({ endpoints: endpointsSchema, declared: endpointsSchema });

/** From the stack file, or, where the stack provisions its servers, from what `up` kept encrypted in its state. */
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
  return new Problems([
    { what: `The endpoints of the stack \`${stack}\` are not known, so there is nothing to look at`, fix },
  ]);
}
