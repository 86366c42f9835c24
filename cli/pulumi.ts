import { spawn } from "node:child_process";
import { Command } from "commander";
import { explainFailedUp } from "../cluster/failed-up";
import { renderProblem } from "../common/problem";
import { projectRoot } from "../common/system/project";
import { requirePlugins } from "../pulumi-cli/pulumi-plugins";
import { openStack } from "../pulumi-cli/stack";
import { loadSettings } from "../settings/stack-file";
import { revealSecret } from "./reveal-secret";

const summaries = {
  up: "Apply a stack: `pulumi up` with its backend, passphrase and plugins found.",
  preview: "Show what `up` would change. Nothing needs to run.",
  refresh: "Update the state from the real objects.",
  destroy: "Remove the stack's objects. Data stays unless the stack's `tenantry:allow` says otherwise.",
} as const;

/** `tenantry up|preview|refresh|destroy -s STACK [PULUMI'S OWN OPTIONS]` */
export function command(verb: keyof typeof summaries): Command {
  return new Command(verb)
    .description(summaries[verb])
    .option("-s, --stack <STACK>", "the stack, one of stacks/Pulumi.STACK.yaml", "local")
    .argument("[options...]", `options of \`pulumi ${verb}\`, such as --yes, --diff, --json`)
    .allowUnknownOption()
    .action(async (options: readonly string[], { stack }: { readonly stack: string }) => {
      const { pulumi, env, args, plugins } = await openStack(stack);
      await requirePlugins(pulumi, plugins, env);
      process.exitCode = await passThrough(pulumi, [verb, ...args, ...options], env);
      if (process.exitCode !== 0 && verb !== "preview") await explainFailure(stack);
    });
}

/** Prints the reasons for a failed `up` on Kubernetes: Pulumi only names the object that did not become ready. */
async function explainFailure(stack: string): Promise<void> {
  const { kubernetes } = await loadSettings(stack, revealSecret(stack));
  if (!kubernetes) return;
  const problems = await explainFailedUp(kubernetes);
  if (problems.length > 0) console.error(`\nIn the cluster:\n\n${problems.map(renderProblem).join("\n\n")}`);
}

/** Runs the program in this terminal and returns its exit code. */
function passThrough(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { cwd: projectRoot, env, stdio: "inherit" });
    // Ctrl-C reaches both processes. Pulumi decides how to end, also after a second Ctrl-C.
    process.on("SIGINT", () => undefined);
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
