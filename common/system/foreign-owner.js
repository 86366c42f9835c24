// Finds folders of other accounts on the way to a path. This is plain JavaScript that requires no npm package, because
// it runs before the Node dependencies are installed.

const { lstatSync, readFileSync, realpathSync } = require("node:fs");
const { dirname } = require("node:path");

/**
 * If the process is root: the first folder on the way to the path, or the path itself, that belongs to another account.
 */
function foreignOwner(path) {
  if (process.getuid?.() !== 0) return undefined;
  for (const directory of wayTo(path)) {
    const { uid } = lstatSync(directory);
    if (uid !== 0) return { directory, account: accountName(uid) };
  }
  return undefined;
}

function wayTo(path) {
  const way = [nearest(path)];
  while (way[0] !== dirname(way[0])) way.unshift(dirname(way[0]));
  return way;
}

/** The path without links. If it does not exist yet, the nearest existing folder above it. */
function nearest(path) {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : nearest(dirname(path));
  }
}

function accountName(uid) {
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  return accounts.find(([, , number]) => number === String(uid))?.[0] ?? `#${uid}`;
}

module.exports = { foreignOwner };
