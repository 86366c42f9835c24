import { join } from "node:path";
import { cacheDirectory, installDirectory } from "../../common/system/cache";
import { root } from "../../common/system/checkout";
import { run } from "../../common/system/run";
import { buildGoProgram } from "../../local/setup/go";
import type { SetupStep } from "../../local/setup/setup-step";

const version = "1.8.0";
const directory = join(cacheDirectory(), "versitygw", version);

/** The object store of the tests. */
export const versitygw = join(directory, "versitygw");

/** Builds versitygw, because its releases come without checksums from another place. */
export const versitygwStep: SetupStep = {
  title: "versitygw",
  async provide(note) {
    const built = await installDirectory(directory, {
      async fill(target) {
        note("versitygw: building it from Go modules, about 2 minutes …");
        await buildGoProgram({
          module: join(root, "test", "servers", "versitygw"),
          output: join(target, "versitygw"),
          otherwise: "run the tests without a bucket: they skip themselves",
        });
      },
      flaw: async (target) =>
        (await run(join(target, "versitygw"), ["--help"], { timeoutMs: 20_000 })).code === 0
          ? undefined
          : `${target}/versitygw does not run`,
    });
    return built ? `${version}, built from source` : version;
  },
};
