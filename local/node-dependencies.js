// Installs the Node dependencies if those in node_modules are not those of package-lock.json. Plain JavaScript that
// requires nothing: it runs before there is anything to require.
"use strict";
const { spawnSync } = require("node:child_process");
const { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");
const lock = join(root, ".tenantry", "npm.lock");

if (!isInstalled()) withLock(() => isInstalled() || install());

/** npm writes its own list as its last act, so a killed installation has none. */
function isInstalled() {
  const installed = packages(join(root, "node_modules", ".package-lock.json"));
  const wanted = packages(join(root, "package-lock.json"));
  return Object.entries(wanted).every(
    ([path, { version, link, optional }]) =>
      !path.startsWith("node_modules/") || link || optional || installed[path]?.version === version,
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

/** One at a time in a checkout; a lock whose owner has ended does not count. */
function withLock(work) {
  mkdirSync(join(root, ".tenantry"), { recursive: true });
  for (let waits = 0; ; waits++) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch {
      if (!isAlive(Number(readOr(lock, "0")))) rmSync(lock, { force: true });
      else {
        if (waits === 0) console.error("Another set-up installs the Node dependencies; waiting for it …");
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      }
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isAlive(pid) {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function readOr(path, otherwise) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}
