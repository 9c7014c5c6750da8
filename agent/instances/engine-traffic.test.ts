import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ownTraffic } from "../drivers/own-traffic.ts";
import { EngineTraffic } from "./engine-traffic.ts";

const ENGINE = { host: "127.0.0.1", port: 6_379 };
const OTHER = { host: "127.0.0.1", port: 6_380 };
const warnings: string[] = [];
const logger = pino({ level: "warn" }, { write: (line: string) => void warnings.push(line) });
let directory: string;
let file: string;

beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "larder-traffic-"));
	file = join(directory, "agent-traffic");
	warnings.length = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

/** What an agent that starts and finds the process counts with. */
function startAgent(process = "boot/1/2", movedBefore = 0): EngineTraffic {
	const traffic = new EngineTraffic(file, logger);
	traffic.begin(process, [ENGINE], movedBefore);
	return traffic;
}

/** A killed agent leaves nothing but what is in the file. */
async function untilKept(bytes: number): Promise<void> {
	await vi.waitFor(() => expect(Number(readFileSync(file, "utf8").split(" ")[4])).toBe(bytes));
}

test("the count of an engine process goes on however many agents are killed", async () => {
	let expected = 0;
	const runs = new Set<string>();
	for (let agent = 1; agent <= 20; agent += 1) {
		const traffic = startAgent("boot/1/2", agent);
		expected += agent;
		for (let packet = 1; packet <= 10; packet += 1) {
			// Some are counted before the file has been read.
			if (packet === agent) await traffic.count();
			ownTraffic.add(ENGINE, packet * 100);
			ownTraffic.add(OTHER, 77);
			expected += packet * 100;
		}
		const count = await traffic.count();
		expect(count?.bytes).toBe(expected);
		runs.add(count?.run ?? "");
		await untilKept(expected);
	}
	expect(runs.size).toBe(1);
	expect(warnings).toEqual([]);
});

test("a new process, and a file that can't be understood, begin a new count", async () => {
	const first = startAgent();
	ownTraffic.add(ENGINE, 500);
	const { run } = (await first.count()) ?? {};
	first.begin("boot/9/9", [ENGINE], 0);
	ownTraffic.add(ENGINE, 30);
	const second = await first.count();
	expect(second).toMatchObject({ bytes: 30 });
	expect(second?.run).not.toBe(run);
	await first.end();
	ownTraffic.add(ENGINE, 1_000);
	await untilKept(30);
	expect(await first.count()).toBeNull();
	writeFileSync(file, "larder traffic 1 torn");
	const third = startAgent("boot/9/9");
	expect(await third.count()).toMatchObject({ bytes: 0 });
	expect((await third.count())?.run).not.toBe(second?.run);
	await third.end();
});

test("an agent that can't keep the count says so and counts for as long as it runs", async () => {
	mkdirSync(join(file, "in-the-way"), { recursive: true });
	const traffic = startAgent();
	ownTraffic.add(ENGINE, 500);
	expect(await traffic.count()).toMatchObject({ bytes: 500 });
	ownTraffic.add(ENGINE, 500);
	expect(await traffic.count()).toMatchObject({ bytes: 1_000 });
	expect(warnings.join()).toContain("the agent's own traffic can't be kept");
	await traffic.end();
});
