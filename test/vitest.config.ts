import { defineConfig } from "vitest/config";

const source = ["langgraph-email-source"];

export default defineConfig({
  resolve: { conditions: [...source, "node"] },
  ssr: { resolve: { conditions: [...source, "node"] } },
  test: {
    globals: true,
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    typecheck: { enabled: true, include: ["test/**/*.test-d.ts"], tsconfig: "tsconfig.json" },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default", ["json", { outputFile: ".vitest/report.json" }]],
  },
});
