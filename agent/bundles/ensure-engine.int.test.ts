import { readdirSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeUglyDirectory } from "../../platform/testing/ugly-directory.ts";
import {
	EngineUnavailableError,
	ensureEngine,
	ensureEngines,
	findEngine,
	listEngines,
} from "./index.ts";
import type { EngineProgress } from "./progress.ts";

let storeDir: string;
beforeEach(() => {
	storeDir = makeUglyDirectory("larder-store-test");
});
afterEach(() => rmSync(storeDir, { recursive: true, force: true }));

test("two callers that need an engine at the same time share one fetch, and later calls find it at once", async () => {
	const steps: EngineProgress["step"][][] = [[], []];
	const [first, second] = await Promise.all(
		steps.map((seen) =>
			ensureEngine({ engine: "valkey", storeDir, onProgress: ({ step }) => seen.push(step) }),
		),
	);
	expect(first).toEqual(second);
	expect(first?.version).toMatch(/^[89]\.\d+\.\d+$/);
	expect(steps.filter((seen) => seen.includes("download"))).toHaveLength(1);
	expect(steps.filter((seen) => seen.includes("wait"))).toHaveLength(1);
	expect(readdirSync(storeDir)).toEqual([`valkey-${first?.version}-${suffix()}`]);
	const again: EngineProgress[] = [];
	await ensureEngine({
		engine: "valkey",
		storeDir,
		onProgress: (progress) => again.push(progress),
	});
	expect(again).toEqual([]);
	expect(await listEngines(storeDir)).toContainEqual(first);
	expect(await findEngine({ engine: "valkey", version: "3", storeDir })).toBeNull();

	function suffix() {
		return readdirSync(storeDir)[0]?.split("-").pop();
	}
});

test("several engines are fetched together, and one that isn't offered doesn't stop the others", async () => {
	const downloads: string[] = [];
	const outcomes = await ensureEngines({
		wanted: [
			{ engine: "redis", version: "8" },
			{ engine: "redis" },
			{ engine: "memcached", version: "1.6" },
		],
		storeDir,
		onProgress: ({ step, detail }) => step === "download" && downloads.push(detail),
	});
	const answers = outcomes.map((outcome) =>
		outcome.kind === "ready" ? outcome.engine.version : outcome.error.message,
	);
	expect(answers).toEqual([
		"Redis OSS 8 isn't offered. Choose 7.",
		expect.stringMatching(/^7\.\d+\.\d+$/),
		expect.stringMatching(/^1\.6\.\d+$/),
	]);
	expect(downloads).toHaveLength(2);
	const inStore = readdirSync(storeDir).map((name) => name.split("-")[0]);
	expect(inStore.sort()).toEqual(["memcached", "redis"]);
});

test("an unavailable engine is an error that says what to do, and leaves nothing behind", async () => {
	const path = process.env.PATH;
	try {
		process.env.PATH = storeDir;
		const failure = await ensureEngine({ engine: "valkey", version: "9", storeDir }).catch(
			(error: unknown) => error,
		);
		expect(failure).toBeInstanceOf(EngineUnavailableError);
		expect(String(failure)).toMatch(
			/is missing .*install Valkey 9 so that valkey-server is on PATH/,
		);
	} finally {
		process.env.PATH = path;
	}
	expect(readdirSync(storeDir)).toEqual([]);
});
