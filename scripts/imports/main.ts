/** `npm run check:imports`: exit 1 and one line for each import that breaks the rules. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkImports } from "./check-imports.ts";
import { AREAS, within } from "./rules.ts";

const tops = [...new Set(AREAS.map((area) => area.path.split("/")[0] ?? area.path))];
const files = tops
	.filter((top) => existsSync(top))
	.flatMap((top) =>
		readdirSync(top, { recursive: true, encoding: "utf8" }).map((name) => join(top, name)),
	)
	.filter((path) => /(?<!\.d)\.(ts|tsx|mts)$/.test(path) && !within(path, "server/data/generated"))
	// What an example with Next.js was built to.
	.filter((path) => !path.includes("/.next/"))
	.sort();

const breaches = checkImports(process.cwd(), files);
for (const breach of breaches) console.error(breach);
console.log(`${files.length} files, ${breaches.length} forbidden imports`);
process.exitCode = breaches.length === 0 ? 0 : 1;
