import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { loadDescription } from "../architecture/application-loader";
import { Problems } from "../common/problem";
import { readSourceFile } from "../common/source-file";
import { projectRoot } from "../common/system/project";
import { descriptionNotes } from "../planner/description-notes";
import { renderDiagram } from "../planner/diagram";
import { parsePlanFile } from "../planner/plan-file";
import { planJson, planMarkdown, planTable } from "../planner/plan-report";
import type { Plan } from "../planner/planned";
import { planFor } from "../planner/planner";
import { parseRates, type Rates } from "../planner/rates";
import { withoutStore } from "../planner/tier-plan";
import { readStack } from "../settings/stack-file";
import { revealSecret } from "./reveal-secret";

interface Flags {
  readonly stack?: string;
  readonly workload?: string;
  readonly json?: true;
  readonly markdown?: true;
  readonly svg?: string;
  readonly rates?: string;
}

/** `tenantry plan` */
export function command(): Command {
  return new Command("plan")
    .description("Plan an architecture for a workload: every size with its reason. Asks no server, changes nothing.")
    .option("-s, --stack <STACK>", "the stack whose `tenantry:workload` to plan for")
    .option("--workload <FILE>", "a YAML file with `workload` and, if any, `plan`, in place of a stack")
    .option("--rates <FILE>", "a YAML file with the rates of your machines, in place of the rates that we measured")
    .option("--json", "print every value with formula and inputs as JSON")
    .option("--markdown", "print a document")
    .option("--svg <FILE>", "draw the architecture into a file as well")
    .action(async ({ stack, workload, json, markdown, svg, ...flags }: Flags) => {
      if ((stack === undefined) === (workload === undefined)) throw new Problems([chooseOne]);
      if (json && markdown) throw new Problems([oneForm]);
      const rates = flags.rates === undefined ? undefined : parseRates(readSourceFile(flags.rates, flags.rates));
      const plan = workload === undefined ? await planOfStack(stack ?? "", { rates }) : planOfFile(workload, rates);
      if (svg !== undefined) writeFileSync(svg, renderDiagram(plan));
      process.stdout.write(json ? planJson(plan) : markdown ? planMarkdown(plan) : planTable(plan));
    });
}

const chooseOne = {
  what: "A plan needs a stack or a file",
  expected: "one of `-s STACK` and `--workload FILE`",
  fix: "Give one of them",
};
const oneForm = { what: "A plan is printed in one form", expected: "`--json` or `--markdown`", fix: "Leave one out" };

/**
 * Plans for a stack. Notes say where the application's description declares less than the plan, and why `up` would refuse.
 *
 * @param options.rates the rates of the team's machines @default the rates that we measured
 * @param options.folder the folder of the stack files @default the folder of this checkout
 */
export async function planOfStack(
  stack: string,
  { rates, folder }: { readonly rates?: Rates | undefined; readonly folder?: string } = {},
): Promise<Plan> {
  const { settings, refusals } = await readStack(stack, revealSecret(stack), folder);
  const { workload, plan, application } = settings;
  if (workload) {
    const { warnings, ...planned } = planFor(workload, plan, rates);
    const homeless = settings.store ? undefined : withoutStore(planned.tiers, planned.rates);
    const { values } = planned;
    const described = loadDescription(join(projectRoot, "sql", application));
    const refused = refusals.map(({ what, fix }) => `\`tenantry up\` refuses for now. ${what}. ${fix}.`);
    return {
      ...planned,
      warnings: [...warnings, ...(homeless ? [homeless] : []), ...descriptionNotes(described, values), ...refused],
    };
  }
  throw new Problems([
    {
      what: `The stack \`${stack}\` has no workload to plan for`,
      expected:
        "`tenantry:workload: { tenants: { now: 80, inAYear: 120, largest: 5 % }, writes: 50, retention: { hot: 3 months } }`",
      fix: "Add the key `tenantry:workload`",
      at: { file: `stacks/Pulumi.${stack}.yaml` },
    },
  ]);
}

function planOfFile(file: string, rates: Rates | undefined): Plan {
  const { workload, plan } = parsePlanFile(readSourceFile(file, file));
  return planFor(workload, plan, rates);
}
