import assert from "node:assert/strict";
import test from "node:test";
import { calibrationJson, ratesFile, renderCalibration } from "../../../bench/calibration-report";
import { measuredRates, parseRates } from "../../../planner/rates";

const report = {
  date: "2026-11-30T12:00:00.000Z",
  servers: "stack prod",
  cores: 16,
  rates: { writesPerCore: 800, readsPerCore: 2_100 },
};

test("shows each assumed rate beside the measured one, with their ratio", () => {
  const table = renderCalibration(report);
  assert.match(table, /writes with their event, a second and core +400 +800 +2\.00/);
  assert.match(table, /reads of a tenant, a second and core +700 +2,100 +3\.00/);
  assert.match(table, /events a second, exactly once +14,000 +not measured/);
  assert.match(table, /stack prod, 16 cores$/);
  assert.equal(JSON.parse(calibrationJson(report)).compared[0].ratio, 2);
});

test("writes a file that `plan --rates` reads, with the assumed rates for those not measured", () => {
  const file = { path: "rates.yaml", text: ratesFile(report) };
  assert.deepEqual(parseRates(file), { ...measuredRates, ...report.rates });
});
