// Allure 3 report of a roadmap run: `npx allure generate build/embedded/allure-results
// --config allure-config/allurerc.mjs`. Grouped by gate, then workstream, then task.
// Another environment is named by ROADMAP_ENV. The report lies beside the results, because the
// links to records and to the roadmap document are relative to that place.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const environment = process.env.ROADMAP_ENV ?? "embedded";
const here = dirname(fileURLToPath(import.meta.url));
const rules = JSON.parse(readFileSync(join(here, "categories.json"), "utf8"));

export default {
  name: "Roadmap acceptance",
  output: `./build/${environment}/allure-report`,
  historyPath: `./build/${environment}/allure-history.jsonl`,
  appendHistory: true,
  plugins: {
    awesome: {
      options: {
        singleFile: true,
        reportName: "Roadmap acceptance",
        groupBy: ["gate", "epic", "feature"],
      },
    },
  },
  categories: {
    rules: rules.map(({ name, matchedStatuses, messageRegex }) => ({
      name,
      matchers: [{ statuses: matchedStatuses, message: new RegExp(messageRegex) }],
    })),
  },
};
