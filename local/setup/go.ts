import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Problems } from "../../common/problem";
import { run } from "../../common/system/run";

/** Builds the program that a module's tools.go imports, with the versions that its go.sum pins. */
export async function buildGoProgram(module: string, output: string, version: string): Promise<void> {
  if ((await run("go", ["version"])).code !== 0) throw noGo(output);
  const path = importedPackage(readFileSync(join(module, "tools.go"), "utf8"));
  const stamp = `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${version}`;
  // A module that go.sum does not list is an error; Go must not add it.
  const { code, stderr } = await run("go", ["build", "-mod=readonly", "-ldflags", stamp, "-o", output, path], {
    cwd: module,
    env: { ...process.env, CGO_ENABLED: "0" },
  });
  if (code !== 0) throw buildFailed(path, stderr);
}

/** The package that tools.go imports. */
export function importedPackage(source: string): string {
  const path = /^import _ "([^"]+)"$/m.exec(source)?.[1];
  if (!path) throw new Error("tools.go imports nothing");
  return path;
}

function noGo(output: string): Problems {
  return new Problems([
    {
      what: "Pulumi could be neither downloaded nor built",
      got: `no Go to build ${output.split("/").at(-1)} with`,
      fix: "Install Pulumi 3.230 or newer (https://www.pulumi.com/docs/install), or Go 1.25 or newer (https://go.dev/dl), then run `tenantry setup` again.",
    },
  ]);
}

function buildFailed(path: string, stderr: string): Problems {
  return new Problems([
    {
      what: `${path} could not be built`,
      got: stderr.trim().split("\n").slice(-4).join("\n            "),
      fix: "Check the connection to your Go module proxy (`go env GOPROXY`) and Go's version (1.25 or newer), or install Pulumi 3.230 or newer (https://www.pulumi.com/docs/install).",
    },
  ]);
}
