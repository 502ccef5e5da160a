// Prints what the test run's JSON report counts, as one line.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(new URL("../.vitest/report.json", import.meta.url), "utf8"));
console.log(`${report.numPassedTests} passed, ${report.numFailedTests} failed`);
if (report.numPassedTests === 0) process.exit(1);
