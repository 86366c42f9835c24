// Whose folders a path leads through. Plain JavaScript that requires nothing of npm's, because it serves before the Node
// dependencies are installed.

const { lstatSync, readFileSync, realpathSync } = require("node:fs");
const { dirname } = require("node:path");

/** For root, the first folder on the way to the path, or the path itself, that belongs to another account. */
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

/** The path without links, or of what does not exist yet the folder that it would be made in. */
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
