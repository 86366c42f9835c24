// A lock file, which one process at a time can hold. This is plain JavaScript that requires no npm package, because it
// runs before the Node dependencies are installed.

const { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");
const { processStart } = require("./process-start.js");

/** Returns `ours`, or the id of the process that holds the lock. Locks of processes that ended are ignored. */
function acquire(path) {
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}`;
  try {
    writeFileSync(own, JSON.stringify({ pid: process.pid, started: processStart(process.pid) }));
    for (let attempt = 0; attempt < 3; attempt++) {
      // A link appears atomically, unlike a file that is opened and then written.
      if (links(own, path)) return "ours";
      const pid = holder(path);
      if (pid !== undefined) return pid;
      removeStale(path, own);
    }
    return holder(path) ?? 0;
  } finally {
    rmSync(own, { force: true });
  }
}

/** The id of the running process that holds the lock. */
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

/**
 * Removes a stale lock. A second lock lets one process at a time check again and remove, because another process may
 * have removed the lock and acquired it meanwhile.
 */
function removeStale(path, own) {
  const guard = `${path}.stale`;
  if (!links(own, guard)) {
    // A process may have ended while it removed a lock.
    if (holder(guard) === undefined) rmSync(guard, { force: true });
    return;
  }
  try {
    if (holder(path) === undefined) rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
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
