// The start time of a process, which tells it from a later process with the same id. This is plain JavaScript that
// requires no npm package, because it runs before the Node dependencies are installed.

const { execFileSync } = require("node:child_process");
const { readFileSync } = require("node:fs");

/**
 * The start time in the system's own form, used only for comparison. Undefined if the process does not run; a zombie
 * does not count as running.
 */
function processStart(pid) {
  try {
    return process.platform === "linux" ? startLinux(pid) : startElsewhere(pid);
  } catch {
    return undefined;
  }
}

/** The start time in milliseconds since 1970, precise to about a second. Undefined if the process does not run. */
function processStartMs(pid) {
  try {
    if (process.platform !== "linux") return Date.parse(ps(pid, "lstart="));
    const bootSeconds = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    // Linux reports a hundred ticks a second to programs, whatever the kernel's own clock rate is.
    return bootSeconds * 1_000 + Number(parseStat(readFileSync(`/proc/${pid}/stat`, "utf8")).startTicks) * 10;
  } catch {
    return undefined;
  }
}

/**
 * Parses the state and the start time in `/proc/PID/stat`. The second field, the name, may hold spaces and parentheses.
 */
function parseStat(text) {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", startTicks: fields[19] ?? "" };
}

function startLinux(pid) {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const { state, startTicks } = parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  return state === "Z" || state === "X" ? undefined : `${boot}/${startTicks}`;
}

function startElsewhere(pid) {
  return ps(pid, "stat=").startsWith("Z") ? undefined : ps(pid, "lstart=") || undefined;
}

function ps(pid, column) {
  return execFileSync("ps", ["-o", column, "-p", String(pid)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

module.exports = { parseStat, processStart, processStartMs };
