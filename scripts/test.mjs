/**
 * `npm test`: sets up what a fresh clone lacks and runs every check and every test, each as soon as what it needs is
 * there. Goes on after a failure, so that one run shows them all. Its last lines name what failed and sum up:
 * `N passed, N failed[, N skipped]`.
 *
 *   engines, programs ─> integration ─> API and CLI
 *   console, browser ─> console
 *   dependencies ─> format ─> import rules ─> dead code ─> unit ─> on a PostgreSQL server ─> types
 *
 * The rows run side by side: tests with engines wait more than they work. The third row only computes, so it yields to
 * the others.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { setPriority, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { browserStage } from "./setup/browser.mjs";
import { TEST_ENGINES } from "./setup/engines.mjs";
import { hasPostgres, postgresStage } from "./setup/postgres.mjs";
import { createProgress } from "./setup/progress.mjs";
import { reportFailure } from "./setup/report-failure.mjs";
import { runStages } from "./setup/run-stages.mjs";
import { setupStages } from "./setup/stages.mjs";
import { readPlaywright, readVitest } from "./test-report.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reports = mkdtempSync(join(tmpdir(), "larder-test-"));
const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const progress = createProgress();

/** Below the usual 0: a program with this priority gets a third of the time that one of the other rows gets beside it. */
const YIELDING = 5;

const tests = [
	vitest("int", "Integration tests", ["client", "programs", "engines"], { workers: 3 }),
	vitest("api", "End to end: API and CLI", ["int-tests"], { workers: 3 }),
	playwright("End to end: console", ["console", "programs", "engines", "browser"]),
	check("format", "Format and lint", ["dependencies"]),
	check("imports", "Import rules", ["format"]),
	check("dead-code", "Dead code", ["imports", "client"]),
	vitest("unit", "Unit tests", ["dead-code", "programs", "engines"], { nice: YIELDING }),
	{
		...vitest("postgres", "Integration tests on a PostgreSQL server", ["unit-tests", "postgres"], {
			nice: YIELDING,
		}),
		// The setup has said that they are skipped.
		isFresh: async () => !hasPostgres(),
	},
	// Next.js writes types too.
	check("types", "Types", ["postgres-tests", "console"]),
];

try {
	const setUp = [...setupStages(root, TEST_ENGINES), browserStage(root), postgresStage(root)];
	await runStages([...setUp, ...tests], progress);
} catch (error) {
	total.failed += 1;
	reportFailure(error);
}
rmSync(reports, { recursive: true, force: true });
for (const failure of failures) console.log(`✗ ${failure}`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** Counts as one test; a runner counts its own, from the report that it writes. */
function check(name, title, after) {
	const args = ["run", "--silent", `check:${name}`];
	return testStage({ name, title, after, args, nice: YIELDING });
}

function vitest(project, title, after, { workers = 2, nice = 0 }) {
	const report = join(reports, `${project}.json`);
	return testStage({
		...{ name: `${project}-tests`, title, after, nice },
		...{ report, read: (found) => readVitest(root, found) },
		args: [
			...["exec", "--", "vitest", "run", "--project", project, `--maxWorkers=${workers}`],
			...["--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
		],
	});
}

function playwright(title, after) {
	const report = join(reports, "playwright.json");
	return testStage({
		...{ name: "console-tests", title, after, report, read: readPlaywright },
		args: ["exec", "--", "playwright", "test", "--reporter=list,json"],
		env: { PLAYWRIGHT_JSON_OUTPUT_NAME: report },
	});
}

/** A stage that fails without holding up the others. Each line that it prints begins with its name. */
function testStage({ name, title, after, ...step }) {
	return {
		...{ name, title, after },
		async run() {
			const code = await run(step, (line) => progress.line(`${name} | ${line}`));
			const { failures: named, ...counts } = outcomeOf(step, code);
			for (const key of Object.keys(total)) total[key] += counts[key];
			failures.push(...(counts.failed > named.length ? [title] : []), ...named);
			const note = `${counts.passed} passed, ${counts.failed} failed`;
			return { ok: counts.failed === 0, note };
		},
	};
}

/** A runner that failed and counted no failure, or wrote no report, still failed. */
function outcomeOf(step, code) {
	const ownFailure = { passed: 0, failed: 1, skipped: 0, failures: [] };
	if (step.read === undefined)
		return code === 0 ? { ...ownFailure, passed: 1, failed: 0 } : ownFailure;
	if (!existsSync(step.report)) return ownFailure;
	const outcome = step.read(JSON.parse(readFileSync(step.report, "utf8")));
	return code !== 0 && outcome.failed === 0 ? { ...outcome, failed: 1 } : outcome;
}

function run({ args, env = {}, nice = 0 }, onLine) {
	return new Promise((resolve, reject) => {
		const child = spawn("npm", args, {
			cwd: root,
			env: { ...process.env, ...env },
			stdio: ["ignore", "pipe", "pipe"],
		});
		// What it starts gets the same.
		if (nice > 0 && child.pid !== undefined) setPriority(child.pid, nice);
		for (const stream of [child.stdout, child.stderr]) {
			createInterface({ input: stream }).on("line", onLine);
		}
		child.on("error", reject);
		child.on("close", resolve);
	});
}
