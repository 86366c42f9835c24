import { spawn } from "node:child_process";
import type { SystemUser } from "./system-user";

interface Finished {
  /** 127 if there is no such program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly user?: SystemUser | undefined;
  /** Text for standard input. @default nothing */
  readonly input?: string;
  /** Time after which the program is ended. @default never */
  readonly timeoutMs?: number;
}

/** Runs a program to its end and returns its output. Never throws: the code of a missing program is 127. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      ...(options.cwd && { cwd: options.cwd }),
      ...(options.env && { env: options.env }),
      ...(options.user && { uid: options.user.uid, gid: options.user.gid }),
      ...(options.timeoutMs && { timeout: options.timeoutMs }),
    });
    const written = { stdout: "", stderr: "" };
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (written.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (written.stderr += text));
    // A program that ends without reading all of its input is judged by its exit code.
    child.stdin?.on("error", () => undefined).end(options.input);
    child.on("error", (error) => resolve({ code: 127, stdout: "", stderr: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, ...written }));
  });
}
