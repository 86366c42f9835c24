// Installs the Node dependencies if node_modules does not match package-lock.json. It is plain JavaScript without
// dependencies because it runs before they are installed.
"use strict";
const { spawnSync } = require("node:child_process");
const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const { foreignOwner } = require("../../common/system/foreign-owner.js");
const { acquire, release } = require("../../common/system/lock-file.js");

const root = join(__dirname, "..", "..");
const lock = join(root, ".tenantry", "npm.lock");

if (!isInstalled()) {
  requireOwnCheckout();
  withLock(() => isInstalled() || install());
}

/** Does the same as `requireOwnFolders` in TypeScript. */
function requireOwnCheckout() {
  const owner = foreignOwner(root);
  if (!owner) return;
  const { directory, account } = owner;
  console.error(
    `Root does not work in a folder of another account: ${root}, the checkout\n  got:      ${directory} belongs to \`${account}\`\n` +
      `  fix:      Run this as \`${account}\`; or, if root should own the folder: \`chown -R root ${directory}\`.`,
  );
  process.exit(1);
}

/** Compares npm's own list of installed packages. npm writes it last, so a killed installation has none; it still lists deleted folders. */
function isInstalled() {
  const installed = packages(join(root, "node_modules", ".package-lock.json"));
  const wanted = packages(join(root, "package-lock.json"));
  return Object.entries(wanted).every(
    ([path, { version, link, optional }]) =>
      !path.startsWith("node_modules/") ||
      link ||
      optional ||
      (installed[path]?.version === version && existsSync(join(root, path, "package.json"))),
  );
}

function packages(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : {};
}

function install() {
  const start = Date.now();
  console.error("Node dependencies: npm ci …");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) {
    console.error(
      "The Node dependencies could not be installed.\n  fix:      See npm's message above, then run `make setup` again.",
    );
    process.exitCode = 1;
    return;
  }
  console.error(`Node dependencies          installed  ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

/** Lets only one process at a time work in the checkout. */
function withLock(work) {
  for (let waits = 0; acquire(lock) !== "ours"; waits++) {
    if (waits === 0) console.error("Another set-up installs the Node dependencies; waiting for it …");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  }
  try {
    work();
  } finally {
    release(lock);
  }
}
