import { readFileSync } from "node:fs";
import { chmod, copyFile, rm } from "node:fs/promises";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { Problems } from "../../common/problem";
import { installDirectory } from "../../common/system/cache";
import { root } from "../../common/system/checkout";
import { run } from "../../common/system/run";
import { versions } from "../../common/system/versions";
import {
  findProgram,
  isAccepted,
  oldestPulumi,
  pulumiCache,
  pulumiDirectories,
  pulumiVersion,
} from "../../pulumi-cli/pulumi-programs";
import { type Checksums, differenceFrom, parseChecksums, sha256 } from "./checksums";
import { download } from "./download";
import { buildGoProgram } from "./go";
import type { SetupStep } from "./setup-step";

const releases = `https://github.com/pulumi/pulumi/releases/download/v${versions.pulumi}`;
/** The checksums of the releases, from Pulumi's own Homebrew formula for this version: github.com/pulumi/homebrew-tap. */
const checksums = join(root, "local", "setup", "pulumi.sha256");
const languageHost = "pulumi-language-nodejs";
const launcher = "pulumi-resource-pulumi-nodejs";

/** Installs the CLI, and the language host and the dynamic launcher if the CLI comes without them. */
export const pulumiStep: SetupStep = {
  title: "Pulumi",
  async provide(note) {
    const how = await provideCli(note);
    const directories = await pulumiDirectories();
    const cli = findProgram("pulumi", directories);
    const version = cli && (await pulumiVersion(cli));
    if (!cli || !isAccepted(version)) throw new Error(`pulumi was installed and does not run: ${cli}`);
    const beside = [dirname(cli), ...directories];
    const host = findProgram(languageHost, beside);
    if (!host || !(await answersHelp(host))) {
      note(`Pulumi: its Node.js language host is missing, building it from source, half a minute …`);
      await build("pulumi-language-nodejs", languageHost, pulumiCache().languageHost, answersHelp);
    }
    const starter = findProgram(launcher, beside);
    if (!starter || dirname(starter) === pulumiCache().launcher) await installLauncher();
    return `${version}${how}`;
  },
};

async function provideCli(note: (text: string) => void): Promise<string> {
  const found = findProgram("pulumi", await pulumiDirectories());
  const version = found && (await pulumiVersion(found));
  if (isAccepted(version)) return "";
  if (found) note(`Pulumi: ${found} is ${version ?? "broken"}, ${oldestPulumi} or newer (below 4) is needed`);
  try {
    await installDirectory(pulumiCache().release, {
      fill: (directory) => fetchRelease(directory, releases, parseChecksums(readFileSync(checksums, "utf8"))),
      flaw: (directory) => flawOf(join(directory, "pulumi"), isRightVersion),
    });
    return ", downloaded";
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    note(`Pulumi: no download (${why}); building it from Go modules, about 3 minutes …`);
  }
  await build("pulumi-cli", "pulumi", pulumiCache().cli, isRightVersion);
  return ", built from source";
}

/** Downloads the official release and unpacks it into the directory. Throws an error if the checksum differs. */
export async function fetchRelease(directory: string, from: string, known: Checksums): Promise<void> {
  const file = releaseFile(versions.pulumi, platform(), arch());
  const expected = known.get(file);
  if (expected === undefined) throw new Error(`no checksum of ${file} is known`);
  const archive = join(directory, file);
  await download(`${from}/${file}`, archive);
  const got = sha256(archive);
  if (got !== expected) throw new Error(`${file} has the SHA-256 ${got}, not ${expected}`);
  const { code, stderr } = await run("tar", ["-xzf", archive, "-C", directory, "--strip-components=1"]);
  if (code !== 0) throw new Error(`${file} does not unpack: ${stderr.trim()}`);
  await rm(archive);
}

/** The file name of the release for a platform and an architecture in Node.js' terms. */
export function releaseFile(version: string, system: string, architecture: string): string {
  return `pulumi-v${version}-${system}-${architecture}.tar.gz`;
}

async function build(
  module: string,
  program: string,
  target: string,
  works: (path: string) => Promise<boolean>,
): Promise<void> {
  await installDirectory(target, {
    fill: (directory) =>
      buildGoProgram({
        module: join(root, "local", "setup", module),
        output: join(directory, program),
        ldflags: `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${versions.pulumi}`,
        otherwise: `install Pulumi ${oldestPulumi} or newer (https://www.pulumi.com/docs/install), then run \`tenantry setup\` again`,
      }),
    flaw: (directory) => flawOf(join(directory, program), works),
  });
}

async function flawOf(program: string, works: (path: string) => Promise<boolean>): Promise<string | undefined> {
  return (await works(program)) ? undefined : `${program} does not run`;
}

async function isRightVersion(cli: string): Promise<boolean> {
  return isAccepted(await pulumiVersion(cli));
}

/** True if the language host answers `--help`. With other arguments it would wait for an engine. */
async function answersHelp(host: string): Promise<boolean> {
  return (await run(host, ["-h"], { timeoutMs: 20_000 })).code === 0;
}

/** Installs the launcher from the npm package, which has it in a directory that is not on PATH. */
async function installLauncher(): Promise<void> {
  const source = join(dirname(require.resolve("@pulumi/pulumi/package.json")), launcher);
  await installDirectory(pulumiCache().launcher, {
    async fill(directory) {
      const path = join(directory, launcher);
      await copyFile(source, path);
      await chmod(path, 0o755);
    },
    flaw: async (directory) => differenceFrom(new Map([[launcher, sha256(source)]]), directory),
  }).catch((error: unknown) => {
    throw new Problems([
      {
        what: "Pulumi's launcher of dynamic providers could not be installed",
        got: error instanceof Error ? error.message : String(error),
        fix: "Install the Node dependencies again, then `tenantry setup` again.",
      },
    ]);
  });
}
