import { join } from "node:path";
import { cacheDirectory, installDirectory } from "../../../common/system/cache";
import { run } from "../../../common/system/run";

const packages = ["psycopg==3.3.9", "psycopg-binary==3.3.9", "cryptography==50.0.2"];
const directory = join(cacheDirectory(), "python", packages.join("_"));

/** A folder for PYTHONPATH, or why the packages can't be installed. */
export async function pythonPackages(): Promise<{ readonly path: string } | { readonly missing: string }> {
  const imports = (path: string) =>
    run("python3", ["-c", "import psycopg, cryptography"], { env: { ...process.env, PYTHONPATH: path } });
  try {
    await installDirectory(directory, {
      async fill(target) {
        const args = ["-m", "pip", "install", "--quiet", "--no-input", "--target", target, ...packages];
        const { code, stderr } = await run("python3", args, { timeoutMs: 120_000 });
        if (code !== 0) throw new Error(stderr.trim().split("\n").at(-1));
      },
      flaw: async (target) => {
        const { code, stderr } = await imports(target);
        return code === 0 ? undefined : stderr.trim().split("\n").at(-1);
      },
    });
    return { path: directory };
  } catch (error) {
    return { missing: `needs Python with ${packages.join(", ")}: ${error instanceof Error ? error.message : error}` };
  }
}
