// Writes src/policy/injection/model-data.ts, to be formatted afterwards: node --conditions=langgraph-email-source test/training/injection/train.ts. With --measure it measures instead.
import { writeFileSync } from "node:fs";
import { FAMILIES } from "./data-set.ts";
import { fit } from "./fit.ts";
import { heldOutFamilies, unseenTemplates } from "./measure.ts";

if (process.argv.includes("--measure")) {
  console.log("templates not seen:", unseenTemplates());
  const families = heldOutFamilies();
  for (const { family, recall } of families) console.log(family.padEnd(14), recall.toFixed(2));
  const mean = families.reduce((sum, { recall }) => sum + recall, 0) / families.length;
  console.log("families not seen, mean:", mean.toFixed(3));
} else {
  const model = fit(FAMILIES, "all");
  const rows = Object.entries(model.weights).map(([weight, grams]) => `    "${weight}": "${grams}",`);
  writeFileSync(
    new URL("../../../src/policy/injection/model-data.ts", import.meta.url),
    `import type { Model } from "./model.ts";

/** Written by \`test/training/injection/train.ts\` from cases of this project only; not by hand. */
export const MODEL: Model = {
  scale: ${model.scale},
  bias: ${model.bias},
  weights: {
${rows.join("\n")}
  },
};
`,
  );
}
