import { Command } from "commander";

export interface StackFlags {
  readonly stack: string;
  readonly json?: true;
}

export interface TenantFlags extends StackFlags {
  readonly tenant: string;
}

/** The exit status where another run works already: nothing is wrong. */
export const busyStatus = 75;

export function onStack(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption("-s, --stack <STACK>", "the stack in stacks/Pulumi.STACK.yaml")
    .option("--json", "print it as JSON");
}

export function onTenant(name: string, description: string): Command {
  return onStack(name, description).requiredOption("--tenant <VALUE>", "the tenant column's value");
}

export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
