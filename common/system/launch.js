// Runs a module of this package: its TypeScript through tsx if that file exists, as in a checkout, or else its build.
"use strict";
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..", "..");

/** @param {string} path path of the module from the root, without an extension */
module.exports = function launch(path) {
  if (existsSync(join(root, `${path}.ts`))) {
    compileOnTheFly();
    require(join(root, `${path}.ts`));
  } else {
    require(join(root, "dist", `${path}.js`));
  }
};

/** tsx compiles and caches. `make check` checks the types. */
function compileOnTheFly() {
  const { TSX_TSCONFIG_PATH } = process.env;
  try {
    // The `paths` of tsconfig.json lead to the sources of packages that are not built here.
    process.env.TSX_TSCONFIG_PATH ??= join(root, "tsconfig.json");
    require("tsx/cjs");
  } catch {
    console.error("The Node dependencies are not installed.\n  fix:      Run `make setup` in the checkout.");
    process.exit(1);
  } finally {
    if (TSX_TSCONFIG_PATH === undefined) delete process.env.TSX_TSCONFIG_PATH;
  }
}
