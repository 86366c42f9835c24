import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../common/system/checkout";
import { run } from "../../common/system/run";

/** A project that has only the packed packages and their dependencies, in the versions of package-lock.json. */
export interface Consumer {
  readonly folder: string;
  /** The files of the package `tenantry`. */
  readonly files: readonly string[];
  write(path: string, text: string): void;
  /** Runs a program in the project and returns its output. Fails with the output if the exit code is not `code`. */
  run(program: string, args: readonly string[], expected?: { readonly code: number }): Promise<string>;
  remove(): void;
}

interface Packed {
  readonly filename: string;
  readonly name: string;
  readonly files: readonly { readonly path: string }[];
}

/** Packs both packages, which builds them, and installs them as `npm ci` does. */
export async function installPackages(): Promise<Consumer> {
  const folder = mkdtempSync(join(tmpdir(), "tenantry-package-"));
  const packed = await pack(folder);
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const dependencies = Object.fromEntries(packed.map(({ name, filename }) => [name, `file:${filename}`]));
  const project = { name: "consumer", version: "1.0.0", private: true, dependencies };
  write("package.json", JSON.stringify(project));
  write("package-lock.json", JSON.stringify(lockOf(project)));
  const { NODE_OPTIONS: _, ...environment } = process.env;
  const inFolder = async (program: string, args: readonly string[], expected = { code: 0 }) => {
    const { code, stdout, stderr } = await run(program, args, { cwd: folder, env: { ...environment, NO_COLOR: "1" } });
    assert.equal(code, expected.code, `${program} ${args.join(" ")}\n${stdout}${stderr}`);
    return `${stdout}${stderr}`;
  };
  await inFolder("npm", ["ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  return {
    folder,
    files: packed.find(({ name }) => name === "tenantry")?.files.map(({ path }) => path) ?? [],
    write,
    run: inFolder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function pack(folder: string): Promise<readonly Packed[]> {
  const args = [
    "pack",
    "--json",
    "--foreground-scripts=false",
    "--pack-destination",
    folder,
    root,
    join(root, "client"),
  ];
  const { code, stdout, stderr } = await run("npm", args, { cwd: root });
  assert.equal(code, 0, `${stdout}${stderr}`);
  return JSON.parse(stdout.slice(stdout.indexOf("[\n")));
}

interface Locked {
  readonly dev?: boolean;
  readonly link?: boolean;
}

/** The lock file without development dependencies, so a dependency that package.json lacks is not installed. */
function lockOf(project: { readonly dependencies: Readonly<Record<string, string>> }): object {
  const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));
  const { packages, ...lock } = read("package-lock.json") as { packages: Readonly<Record<string, Locked>> };
  const needed = Object.entries(packages).filter(
    ([path, { dev, link }]) => path.startsWith("node_modules/") && !dev && !link,
  );
  const installed = Object.entries(project.dependencies).map(([name, resolved]) => {
    const { version, dependencies, peerDependencies, bin } = read(
      name === "tenantry" ? "package.json" : "client/package.json",
    );
    return [`node_modules/${name}`, { version, resolved, dependencies, peerDependencies, bin }];
  });
  return { ...lock, ...project, packages: { "": project, ...Object.fromEntries([...needed, ...installed]) } };
}
