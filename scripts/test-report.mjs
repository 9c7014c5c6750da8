/** What a test runner's JSON report says: how many tests passed, failed and were skipped, and a line for each failure. */
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

export function readVitest(root, report) {
	return {
		passed: report.numPassedTests,
		failed: report.numFailedTests,
		skipped: report.numTotalTests - report.numPassedTests - report.numFailedTests,
		failures: report.testResults.flatMap(({ name, status, message, assertionResults }) => {
			const failed = assertionResults.filter((test) => test.status === "failed");
			const file = relative(root, name);
			// A file that can't be loaded, or whose preparation fails, may have no failed test.
			if (failed.length === 0) return status === "failed" ? [line(file, "", message)] : [];
			return failed.map((test) => line(file, test.fullName, test.failureMessages[0]));
		}),
	};
}

export function readPlaywright({ stats, suites, errors }) {
	return {
		passed: stats.expected + stats.flaky,
		failed: stats.unexpected,
		skipped: stats.skipped,
		failures: [
			...errors.map(({ message }) => line("playwright.config.ts", "", message)),
			...suites.flatMap(failedSpecs),
		],
	};
}

function failedSpecs({ specs, suites = [] }) {
	const failed = specs.filter(({ ok }) => !ok);
	return [
		...failed.map(({ file, title, tests }) => {
			const results = tests.flatMap((test) => test.results);
			return line(file, title, results.find(({ error }) => error)?.error.message);
		}),
		...suites.flatMap(failedSpecs),
	];
}

/** The first line of an error says most; the whole of it is further up in the output. */
function line(file, title, error = "") {
	const [first] = stripVTControlCharacters(error).split("\n", 1);
	return [file, title, first].filter(Boolean).join(" › ");
}
