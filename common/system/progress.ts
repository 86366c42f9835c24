/** Lines about what goes on, on standard error: standard output is for results. */
export interface Progress {
  /** Runs one part and shows a line about it with what came out and how long it took. */
  part<T>(title: string, work: () => Promise<T>, outcome: (result: T) => string): Promise<T>;
  note(text: string): void;
}

/** On a terminal also a last line that says what is being waited for. */
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

/** For commands that only answer in JSON, and tests. */
export const silent: Progress = { part: (_title, work) => work(), note: () => undefined };

function seconds(start: number): string {
  return `${((Date.now() - start) / 1000).toFixed(1)} s`;
}
