import { stringify } from "yaml";
import { plainTable } from "../common/table";
import { formatNumber } from "../planner/format-number";
import { type MachineRates, measuredRates } from "../planner/rates";

export interface CalibrationReport {
  /** ISO 8601. */
  readonly date: string;
  /** The stack, or the embedded servers. */
  readonly servers: string;
  readonly cores: number;
  readonly rates: Partial<MachineRates>;
}

const meanings: Readonly<Record<keyof MachineRates, string>> = {
  writesPerCore: "writes with their event, a second and core",
  readsPerCore: "reads of a tenant, a second and core",
  eventsExactlyOnce: "events a second, exactly once",
  eventsAtLeastOnce: "events a second, at least once",
};

/** Every rate that the planner assumes beside the one that was measured. */
function compared({ rates }: CalibrationReport) {
  return (Object.keys(meanings) as (keyof MachineRates)[]).map((rate) => {
    const [assumed, measured] = [measuredRates[rate], rates[rate]];
    return { rate, assumed, ...(measured !== undefined && { measured, ratio: measured / assumed }) };
  });
}

export function renderCalibration(report: CalibrationReport): string {
  const rows = compared(report).map(({ rate, assumed, measured, ratio }) => [
    meanings[rate],
    formatNumber(assumed),
    measured === undefined ? "not measured" : formatNumber(measured),
    ratio === undefined ? "" : ratio.toFixed(2),
  ]);
  return `${plainTable(["what", "assumed", "measured", "ratio"], rows)}\n${report.date}, ${report.servers}, ${report.cores} cores`;
}

export function calibrationJson(report: CalibrationReport): string {
  return JSON.stringify({ ...report, compared: compared(report) }, undefined, 2);
}

/** The file that `tenantry plan --rates FILE` reads; what was not measured is left out, and stays as the planner assumes. */
export function ratesFile({ date, servers, cores, rates }: CalibrationReport): string {
  return `# Measured by \`tenantry bench --calibrate\` on ${date}, ${servers}, ${cores} cores.\n${stringify(rates)}`;
}
