import { expect, test } from "vitest";
import {
  formatSequenceSet,
  parseSequenceSet,
  positionsByNumber,
  positionsByUid,
  readSequenceSet,
} from "../../../src/dev/imap/sequence.ts";

const UIDS = [3, 5, 9];

test.each([
  ["1", []],
  ["3", [0]],
  ["3:5", [0, 1]],
  ["5:3", [0, 1]],
  ["4:8", [1]],
  ["*", [2]],
  ["5:*", [1, 2]],
  ["*:5", [1, 2]],
  ["10:*", [2]], // RFC 9051 section 9: the last mail is always among `n:*`.
  ["9,3,3:5", [0, 1, 2]],
  ["1:4294967295", [0, 1, 2]],
])("uids %s", (set, positions) => {
  expect(positionsByUid(readSequenceSet(set), UIDS)).toEqual(positions);
});

test.each([
  ["1:2", [0, 1]],
  ["2:*", [1, 2]],
  ["7", []],
  ["7:*", [2]],
  ["*:1", [0, 1, 2]],
  ["1:4294967295", [0, 1, 2]],
])("numbers %s", (set, positions) => {
  expect(positionsByNumber(readSequenceSet(set), 3)).toEqual(positions);
});

test("nothing is found in an empty mailbox", () => {
  expect(positionsByUid(readSequenceSet("1:*"), [])).toEqual([]);
  expect(positionsByNumber(readSequenceSet("1:*"), 0)).toEqual([]);
});

test.each(["", "0", "1:", ":1", "a", "1:2:3", "-1", "1,,2", "12345678901", "1,".repeat(20_000)])(
  "%.20s is no set",
  (text) => {
    expect(parseSequenceSet(text)).toBeUndefined();
  },
);

test("formats runs as ranges", () => {
  expect(formatSequenceSet([1, 2, 3, 7, 9, 10])).toBe("1:3,7,9:10");
  expect(formatSequenceSet([])).toBe("");
});
