import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { isMap, parseDocument } from "yaml";
import { Problems } from "../common/problem";
import { projectRoot } from "../common/system/project";
import { loadSettings } from "../settings/stack-file";
import { revealSecret } from "./reveal-secret";

/** `tenantry rotate` */
export function command(): Command {
  return new Command("rotate")
    .description("Replace a stack's passwords and certificates: raises `rotation` in its file, for the next `up`.")
    .requiredOption("-s, --stack <STACK>", "the stack, one of stacks/Pulumi.STACK.yaml")
    .action(async ({ stack }: { readonly stack: string }) => {
      // Validates the whole file before anything in it changes.
      const { kubernetes } = await loadSettings(stack, revealSecret(stack));
      if (!kubernetes) throw new Problems([notOurs(stack)]);
      const file = `stacks/Pulumi.${stack}.yaml`;
      const path = join(projectRoot, file);
      const { text, from, to } = rotated(readFileSync(path, "utf8"), kubernetes.rotation);
      writeFileSync(path, text);
      process.stdout.write(`${file}: rotation ${from} -> ${to}\n\n${nextUp(stack)}\n`);
    });
}

function nextUp(stack: string): string {
  return [
    `The next \`tenantry up -s ${stack}\` replaces the passwords of all roles and Kafka users and the certificates of the nodes and the`,
    "pooler, and restarts what reads them, one pod after the other. The authorities stay, so clients go on trusting them.",
    "Applications must read their Secrets again: the old password is refused as soon as the role has the new one.",
    `Commit the file, and run \`tenantry preview -s ${stack}\` to see it first.`,
  ].join("\n");
}

function notOurs(stack: string) {
  return {
    what: `The passwords of the stack \`${stack}\` can't be rotated, because the stack does not provision its servers`,
    expected: "a stack with `tenantry:platform: kubernetes`",
    fix: "Change them where they are made, then in the stack's endpoints: docs/external-servers.md, `Rotate a password`",
  };
}

/** Returns the stack file with `rotation` raised by one, and everything else unchanged, including comments. */
export function rotated(
  text: string,
  from: number,
): { readonly text: string; readonly from: number; readonly to: number } {
  const to = from + 1;
  const section = parseDocument(text).getIn(["config", "tenantry:kubernetes"], true);
  if (!isMap(section) || !section.items[0]) throw new Error("the stack file has no section tenantry:kubernetes");
  const pair = section.items.find(({ key }) => String(key) === "rotation");
  const [start, end] = (pair?.value as { range?: readonly [number, number, number] } | undefined)?.range ?? [];
  if (start !== undefined && end !== undefined)
    return { text: `${text.slice(0, start)}${to}${text.slice(end)}`, from, to };
  // The key goes before the first key, in the same style: in braces or on its own line.
  const [first] = (section.items[0].key as { range: readonly [number, number, number] }).range;
  const indent = first - (text.lastIndexOf("\n", first - 1) + 1);
  const added = section.flow ? `rotation: ${to}, ` : `rotation: ${to}\n${" ".repeat(indent)}`;
  return { text: `${text.slice(0, first)}${added}${text.slice(first)}`, from, to };
}
