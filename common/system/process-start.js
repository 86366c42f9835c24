// When a process started: told apart by it from a later one that was given the same number. Plain JavaScript that requires
// nothing of npm's, because it serves before the Node dependencies are installed.

const { execFileSync } = require("node:child_process");
const { readFileSync } = require("node:fs");

/** As the system says it: compared, never read. Undefined if none runs; one that ended and was not waited for does not run. */
function processStart(pid) {
  try {
    return process.platform === "linux" ? startLinux(pid) : startElsewhere(pid);
  } catch {
    return undefined;
  }
}

/** In milliseconds since 1970, to about a second; undefined if none runs. */
function processStartMs(pid) {
  try {
    if (process.platform !== "linux") return Date.parse(ps(pid, "lstart="));
    const bootSeconds = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    // Linux counts a hundred ticks a second for programs, whatever its own clock does.
    return bootSeconds * 1_000 + Number(parseStat(readFileSync(`/proc/${pid}/stat`, "utf8")).startTicks) * 10;
  } catch {
    return undefined;
  }
}

/** State and start of a `/proc/PID/stat`, whose second field, the name, may hold spaces and parentheses. */
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
