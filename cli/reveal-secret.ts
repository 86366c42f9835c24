import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Problems } from "../common/problem";
import { projectRoot } from "../common/system/project";
import { openStack } from "../pulumi-cli/stack";
import type { Reveal } from "../settings/stack-file";

/** Decrypts a value of the stack file through Pulumi. */
export function revealSecret(stack: string): Reveal {
  return async (key) => {
    const { pulumi, env } = await openStack(stack);
    try {
      const args = ["config", "get", `tenantry:${key}`, "--stack", stack];
      const { stdout } = await promisify(execFile)(pulumi, args, { cwd: projectRoot, env });
      return parse(stdout.trim());
    } catch (error) {
      throw new Problems([
        {
          what: `\`tenantry:${key}\` of the stack \`${stack}\` is encrypted, and Pulumi could not decrypt it`,
          got: firstLine(error),
          fix: "log in to the stack's backend (`pulumi login`), and give its passphrase in PULUMI_CONFIG_PASSPHRASE",
        },
      ]);
    }
  };
}

/** Parses Pulumi's output: JSON for an object, or plain text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function firstLine(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
  return (stderr || message).trim().split("\n", 1)[0] ?? "";
}
