import assert from "node:assert/strict";
import test from "node:test";
import { framedTable, plainTable } from "../../../common/table";

test("draws a table without a frame, and without spaces at the ends of lines", () => {
  const drawn = plainTable(
    ["server", "state", "port"],
    [
      ["PostgreSQL", "runs", "15432"],
      ["Kafka", "", ""],
    ],
  );
  assert.equal(drawn, "SERVER      STATE  PORT\nPostgreSQL  runs   15432\nKafka");
});

test("aligns letters that take two places in a terminal", () => {
  assert.equal(plainTable(["id", "by"], [["漢字", "a"]]), "ID    BY\n漢字  a");
});

test("draws only the head of a table without rows", () => {
  assert.equal(plainTable(["id", "by"], []), "ID  BY");
});

test("draws a frame without colours", () => {
  const table = framedTable({ head: ["a"] });
  table.push(["b"]);
  assert.equal(table.toString(), "┌───┐\n│ a │\n├───┤\n│ b │\n└───┘");
});
