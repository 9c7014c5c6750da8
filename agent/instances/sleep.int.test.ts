import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { TestHost } from "../testing/agent-fixture.ts";
import { emptyRecord } from "./instance-record.ts";
import { mayWakeAgain } from "./reboot.ts";

const MIB = 1024 ** 2;

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.48");
	await host.plane.start();
});
afterEach(() => host.dispose());

/** An assignment with this generation, which is the number of its reboot too. */
function numbered(base: Assignment, generation: number, asleep: boolean): Assignment {
	const marks = { reportAboveBytes: 48 * MIB, holdWritesAboveBytes: null, ecpuPerSecond: null };
	return { ...base, generation, reboot: generation, elastic: { ...marks, asleep } };
}

const seenOf = ({ id }: Assignment) => host.plane.observationOf(id);

async function call(assignment: Assignment, ...words: string[]): Promise<unknown> {
	const client = await host.connect(assignment.port);
	const value = await client.command(words, 20_000);
	client.close();
	return value;
}

test("a node sleeps with its data verified, through its agent's restart, and loads it when woken", async () => {
	const stop = host.startAgent();
	const node = await host.assign();
	await host.untilRunning(node);
	await call(node, "SET", "kept", "1");

	// A client that is connected keeps it awake.
	const client = await host.connect(node.port);
	host.plane.setAssignments([numbered(node, 2, true)]);
	await host.plane.until("it refuses", () => seenOf(node)?.reboot === 2);
	expect(seenOf(node)).toMatchObject({ phase: "running" });
	client.close();

	host.plane.setAssignments([numbered(node, 3, true)]);
	await host.plane.until("it sleeps", () => seenOf(node)?.asleep === true);
	expect(seenOf(node)).toMatchObject({ phase: "rebooting", pid: null });
	expect(host.engineProcess(node.id)).toBeNull();
	await stop();
	const before = host.plane.reports.length;
	host.startAgent();
	await host.plane.until("the new agent's report", () => {
		const later = host.plane.reports
			.slice(before)
			.flatMap(({ observations }) => observations ?? []);
		return later.some(({ asleep }) => asleep === true);
	});

	host.plane.setAssignments([{ ...numbered(node, 3, false), generation: 4 }]);
	await host.plane.until("it serves", () => {
		return seenOf(node)?.phase === "running" && seenOf(node)?.generation === 4;
	});
	expect(seenOf(node)?.asleep).toBeUndefined();
	expect(await call(node, "GET", "kept")).toBe("1");
});

test("a node that was killed before it had loaded its data tries again, three times, unless it can't load it", async () => {
	const record = { ...emptyRecord("n", "h", "valkey"), rebooting: true, keptData: true };
	const tries = (wakings: number, itself = false) =>
		mayWakeAgain({ ...record, wakings }, { endedItself: async () => itself });
	expect(await tries(1)).toBe(true);
	expect(await tries(2)).toBe(true);
	expect(await tries(1, true)).toBe(false);
	expect(await tries(3)).toBe(false);
	expect(await tries(record.wakings)).toBe(false);
});

test("a node whose saved data is damaged doesn't count as asleep, and says so", async () => {
	const stop = host.startAgent();
	const node = await host.assign();
	await host.untilRunning(node);
	await call(node, "SET", "kept", "x".repeat(10_000));
	host.plane.setAssignments([numbered(node, 2, true)]);
	await host.plane.until("it sleeps", () => seenOf(node)?.asleep === true);
	await stop();
	const directory = join(host.homeDir, "instances", node.id);
	const record = join(directory, "state.json");
	const known = JSON.parse(readFileSync(record, "utf8")) as object;
	writeFileSync(record, JSON.stringify({ ...known, asleep: false }));
	writeFileSync(join(directory, "data", "dump.rdb"), "REDIS0011 damaged");
	host.startAgent();
	const seen = await host.plane.until("its report", () => {
		return seenOf(node)?.reason?.code === "disk" && seenOf(node);
	});
	expect(seen).toMatchObject({ reason: { message: expect.stringContaining("damaged") } });
	expect(seen.asleep).toBeUndefined();
});
