// The file by which one process at a time works on something. Plain JavaScript that requires nothing of npm's, because it
// serves before the Node dependencies are installed.

const { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");
const { processStart } = require("./process-start.js");

/** `ours`, or the number of the process that holds it. One that another, ended process left does not count. */
function acquire(path) {
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  try {
    writeFileSync(own, JSON.stringify({ pid: process.pid, started: processStart(process.pid) }));
    for (let attempt = 0; attempt < 3; attempt++) {
      // A link appears whole or not at all, unlike a file that is opened and then written.
      if (links(own, path)) return "ours";
      const pid = holder(path);
      if (pid !== undefined) return pid;
      removeStale(path, `${own}.stale`);
    }
    return holder(path) ?? 0;
  } finally {
    rmSync(own, { force: true });
  }
}

/** The number of the running process that holds it. */
function holder(path) {
  try {
    const { pid, started } = JSON.parse(readFileSync(path, "utf8"));
    return started !== undefined && processStart(pid) === started ? pid : undefined;
  } catch {
    return undefined;
  }
}

function release(path) {
  rmSync(path, { force: true });
}

/** Moved aside first: of two that found it stale, the second may have the first one's own lock in hand by now. */
function removeStale(path, aside) {
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (holder(aside) !== undefined) links(aside, path);
  rmSync(aside, { force: true });
}

function links(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

module.exports = { acquire, holder, release };
