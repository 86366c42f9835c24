import Table from "cli-table3";

const style = { head: [], border: [], compact: true };

/** Returns an empty table with a frame, for reports that people read. */
export function framedTable({ style: own, ...options }: Table.TableConstructorOptions = {}): Table.Table {
  return new Table({ ...options, style: { ...style, ...own } });
}

/** Renders a table without a frame, which programs can read from a pipe too. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = framedTable({
    head: head.map((title) => title.toUpperCase()),
    chars: noFrame,
    style: { "padding-left": 0, "padding-right": 0 },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString().replaceAll(/ +$/gm, "");
}

const edges = ["top", "mid", "bottom"].flatMap((edge) => [edge, `${edge}-mid`, `${edge}-left`, `${edge}-right`]);
const noFrame = {
  ...Object.fromEntries([...edges, "left", "left-mid", "right", "right-mid", "mid-mid"].map((name) => [name, ""])),
  middle: "  ",
};
