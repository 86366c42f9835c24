import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Problems } from "../../common/problem";
import { run } from "../../common/system/run";

/** A program that comes from Go modules. */
export interface GoProgram {
  /** The folder with go.mod, go.sum, and tools.go, which imports the program. */
  readonly module: string;
  readonly output: string;
  /** @default "-s -w", so without symbols */
  readonly ldflags?: string;
  /** What else a user may do if it can't be built: an imperative clause. */
  readonly otherwise: string;
}

/** Builds the program that a module's tools.go imports, with the versions that its go.sum pins. */
export async function buildGoProgram({ module, output, ldflags = "", otherwise }: GoProgram): Promise<void> {
  if ((await run("go", ["version"])).code !== 0) throw noGo(output, otherwise);
  const path = importedPackage(readFileSync(join(module, "tools.go"), "utf8"));
  // A module that go.sum does not list is an error; Go must not add it.
  const args = ["build", "-mod=readonly", "-ldflags", `-s -w ${ldflags}`, "-o", output, path];
  const { code, stderr } = await run("go", args, { cwd: module, env: { ...process.env, CGO_ENABLED: "0" } });
  if (code !== 0) throw buildFailed(path, stderr, otherwise);
}

/** The package that tools.go imports. */
export function importedPackage(source: string): string {
  const path = /^import _ "([^"]+)"$/m.exec(source)?.[1];
  if (!path) throw new Error("tools.go imports nothing");
  return path;
}

function noGo(output: string, otherwise: string): Problems {
  const program = output.split("/").at(-1);
  return new Problems([
    {
      what: `${program} can't be built`,
      got: "no Go",
      fix: `Install Go 1.25 or newer (https://go.dev/dl), or ${otherwise}.`,
    },
  ]);
}

function buildFailed(path: string, stderr: string, otherwise: string): Problems {
  return new Problems([
    {
      what: `${path} could not be built`,
      got: stderr.trim().split("\n").slice(-4).join("\n            "),
      fix: `Check the connection to your Go module proxy (\`go env GOPROXY\`) and Go's version (1.25 or newer), or ${otherwise}.`,
    },
  ]);
}
