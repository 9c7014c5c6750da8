/**
 * `npm test`: sets up what a fresh clone lacks, then runs every check and every test, the quick ones first. Goes on
 * after a failure, so that one run tells all. Its last line sums up: `N passed, N failed[, N skipped]`.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { browserStage } from "./setup/browser.mjs";
import { TEST_ENGINES } from "./setup/engines.mjs";
import { hasPostgres, postgresStage } from "./setup/postgres.mjs";
import { createProgress, formatSeconds } from "./setup/progress.mjs";
import { reportFailure } from "./setup/report-failure.mjs";
import { runStages } from "./setup/run-stages.mjs";
import { setupStages } from "./setup/stages.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reports = mkdtempSync(join(tmpdir(), "larder-test-"));
const total = { passed: 0, failed: 0, skipped: 0 };

/** A check counts as one test; a runner counts its own, from the report that it writes. */
const quickSteps = [
	{ title: "Format and lint", args: ["run", "--silent", "check:format"] },
	{ title: "Types", args: ["run", "--silent", "check:types"] },
	{ title: "Import rules", args: ["run", "--silent", "check:imports"] },
	{ title: "Dead code", args: ["run", "--silent", "check:dead-code"] },
	vitest("Unit tests", "unit"),
];
/** The subject of these is the database. Without a server they are skipped, as the set-up has said. */
const onServer = vitest("Integration tests on a PostgreSQL server", "postgres");
/** Engines make these wait more than they make them work: the quick ones are done meanwhile. */
const integration = {
	...vitest("Integration tests (database, engines)", "int", ["--maxWorkers=3"]),
	heldBack: true,
};
const endToEnd = [
	vitest("End to end: API and CLI", "api"),
	{
		title: "End to end: console",
		args: ["exec", "--", "playwright", "test", "--reporter=list,json"],
		report: join(reports, "playwright.json"),
		env: { PLAYWRIGHT_JSON_OUTPUT_NAME: join(reports, "playwright.json") },
		count: countPlaywright,
	},
];

try {
	await runStages(
		[...setupStages(root, TEST_ENGINES), browserStage(root), postgresStage(root)],
		createProgress(),
	);
} catch (error) {
	reportFailure(error);
	console.log("0 passed, 1 failed");
	process.exit(1);
}
const integrated = runStep(integration);
for (const step of quickSteps) await runStep(step);
await integrated;
if (hasPostgres()) await runStep(onServer);
for (const step of endToEnd) await runStep(step);
rmSync(reports, { recursive: true, force: true });

const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed === 0 ? 0 : 1;

function vitest(title, project, options = []) {
	const report = join(reports, `${project}.json`);
	return {
		title,
		args: [
			...["exec", "--", "vitest", "run", "--project", project, ...options],
			...["--reporter=dot", "--reporter=json", `--outputFile.json=${report}`],
		],
		report,
		count: countVitest,
	};
}

/** What a step that is held back prints comes at its end, in one piece. */
async function runStep(step) {
	const title = `\n== ${step.title}`;
	if (!step.heldBack) console.log(title);
	const startedAt = performance.now();
	const { code, output } = await run(step);
	if (step.heldBack) process.stdout.write(`${title}\n${output}`);
	const counts = countsOf(step, code);
	for (const key of Object.keys(total)) total[key] += counts[key];
	const elapsed = formatSeconds(performance.now() - startedAt);
	console.log(
		`== ${step.title}: ${counts.failed === 0 ? "passed" : `${counts.failed} FAILED`} (${elapsed})`,
	);
}

/** A runner that failed and counted no failure, or wrote no report, still failed. */
function countsOf(step, code) {
	const ownFailure = { passed: 0, failed: 1, skipped: 0 };
	if (step.count === undefined)
		return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : ownFailure;
	if (!existsSync(step.report)) return ownFailure;
	const counts = step.count(JSON.parse(readFileSync(step.report, "utf8")));
	return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function countVitest(report) {
	return {
		passed: report.numPassedTests,
		failed: report.numFailedTests,
		skipped: report.numTotalTests - report.numPassedTests - report.numFailedTests,
	};
}

function countPlaywright({ stats }) {
	return {
		passed: stats.expected + stats.flaky,
		failed: stats.unexpected,
		skipped: stats.skipped,
	};
}

function run({ args, env = {}, heldBack = false }) {
	return new Promise((resolve, reject) => {
		const out = heldBack ? "pipe" : "inherit";
		const child = spawn("npm", args, {
			cwd: root,
			env: { ...process.env, ...env },
			stdio: ["ignore", out, out],
		});
		let output = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream?.setEncoding("utf8").on("data", (text) => {
				output += text;
			});
		}
		child.on("error", reject);
		child.on("close", (code) => resolve({ code, output }));
	});
}
