/** Progress on standard error, because standard output is for results. */
export interface Progress {
  /** Runs one part of the work, and prints a line with its outcome and duration. */
  part<T>(title: string, work: () => Promise<T>, outcome: (result: T) => string): Promise<T>;
  note(text: string): void;
}

/** Prints progress. On a terminal, a last line also shows the running parts. */
export function showProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const open = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  const clear = () => stream.isTTY && stream.write("\r\x1b[K");
  const redraw = () => {
    clear();
    const waiting = [...open].map(([title, start]) => `${title} ${seconds(start)}`).join(", ");
    if (waiting) stream.write(`… ${waiting}`.slice(0, (stream.columns ?? 80) - 1));
  };
  const line = (text: string) => {
    clear();
    stream.write(`${text}\n`);
  };
  const settle = (title: string) => {
    open.delete(title);
    if (open.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  return {
    note: line,
    async part(title, work, outcome) {
      const start = Date.now();
      open.set(title, start);
      if (stream.isTTY) timer ??= setInterval(redraw, 200);
      try {
        const result = await work();
        settle(title);
        line(`${title.padEnd(26)} ${outcome(result).padEnd(44)} ${seconds(start)}`);
        return result;
      } catch (error) {
        settle(title);
        line(`${title.padEnd(26)} ${"failed".padEnd(44)} ${seconds(start)}`);
        throw error;
      }
    },
  };
}

/** No progress: for commands that answer only in JSON, and for tests. */
export const silent: Progress = { part: (_title, work) => work(), note: () => undefined };

function seconds(start: number): string {
  return `${((Date.now() - start) / 1000).toFixed(1)} s`;
}
