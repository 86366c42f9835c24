import { cpSync } from "node:fs";
import { join } from "node:path";
import { root } from "../common/system/checkout";
import type { Bench } from "./bench";
import { application } from "./bench-stream";
import { type Measurement, ofRounds, type Round } from "./measurement";
import { type PulumiProject, withEmptyProgram, withToolkit } from "./pulumi-project";

/** Measures a preview, and an `up` without changes, of the stack `local`, against an empty program with the same CLI and backend. */
export async function measurePreview(bench: Bench): Promise<readonly Measurement[]> {
  const fill = (folder: string) => cpSync(join(root, "sql", application), folder, { recursive: true });
  return bench.servers.withDatabase(application, (endpoints) =>
    withToolkit(application, endpoints, fill, (ours) =>
      withEmptyProgram(async (empty) => {
        await bench.progress.part(
          "first up",
          () => up(ours),
          () => "applied",
        );
        await up(empty);
        try {
          return await compare(bench, ours, empty);
        } finally {
          await ours.pulumi("destroy", "--yes", "--skip-preview");
        }
      }),
    ),
  );
}

async function compare({ sizes, progress }: Bench, ours: PulumiProject, empty: PulumiProject) {
  const previews: Round[] = [];
  const ups: Round[] = [];
  for (let number = 1; number <= sizes.rounds; number++) {
    const round = async (run: (project: PulumiProject) => Promise<number>) => ({
      theirs: await run(empty),
      ours: await run(ours),
    });
    const outcome = (found: Round) => `${found.ours.toFixed(1)} against ${found.theirs.toFixed(1)} s`;
    const preview = () => round((project) => project.pulumi("preview"));
    previews.push(await progress.part(`preview, round ${number}`, preview, outcome));
    ups.push(await progress.part(`up without changes, ${number}`, () => round(up), outcome));
  }
  const named = { against: "an empty TypeScript program", unit: "s", target: { atMost: 1.5 } } as const;
  return [
    ofRounds({ ...named, what: "pulumi preview" }, previews),
    ofRounds({ ...named, what: "pulumi up without changes" }, ups),
  ];
}

function up(project: PulumiProject): Promise<number> {
  return project.pulumi("up", "--yes", "--skip-preview");
}
