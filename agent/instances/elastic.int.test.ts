import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { Growth } from "../../server/contract/host-alert.ts";
import { ensureEngine } from "../bundles/index.ts";
import { infoNumber, parseInfo } from "../drivers/valkey-info.ts";
import { eventually, TestHost, TIMED } from "../testing/agent-fixture.ts";

const MIB = 1024 ** 2;
const VALUE = "x".repeat(256 * 1024);

let host: TestHost;

beforeAll(async () => {
	await ensureEngine({ engine: "valkey", version: "9" });
});
beforeEach(async () => {
	host = new TestHost("127.0.1.47");
	await host.plane.start();
	host.startAgent();
});
afterEach(() => host.dispose());

/** An assignment with this much memory for data, which the control plane wants to hear of at three quarters. */
function sized(maxmemoryMib: number, ecpuPerSecond: number | null = null): Partial<Assignment> {
	return {
		maxmemoryBytes: maxmemoryMib * MIB,
		memoryBytes: 2 * maxmemoryMib * MIB,
		elastic: {
			reportAboveBytes: Math.floor(maxmemoryMib * 0.75 * MIB),
			holdWritesAboveBytes: Math.floor(maxmemoryMib * 0.9 * MIB),
			ecpuPerSecond,
		},
	};
}

function growthOf(assignment: Assignment): Growth[] {
	return host.plane.alerts
		.flatMap(({ growing = [] }) => growing)
		.filter(({ generation }) => generation === assignment.generation);
}

async function info(assignment: Assignment, ...sections: string[]) {
	const client = await host.connect(assignment.port, "larder");
	const text = String(await client.command(["INFO", ...sections], 20_000));
	client.close();
	return parseInfo(text);
}

test("an idle node says at once that a client has connected, whatever agents and health checks do", async () => {
	const wanted = sized(64);
	const elastic = wanted.elastic && { ...wanted.elastic, reportsClients: true };
	const assignment = await host.assign({ ...wanted, ...(elastic && { elastic }) });
	await host.untilRunning(assignment);
	const own = await host.connect(assignment.port, "larder");
	await host.plane.until("the first report of its memory", () => {
		return host.plane.observationOf(assignment.id)?.elastic !== undefined;
	});
	expect(growthOf(assignment)).toEqual([]);
	const client = await host.connect(assignment.port);
	const [growth] = await host.plane.until("the notice", () => {
		const seen = growthOf(assignment);
		return seen.length > 0 && seen;
	});
	expect(growth).toMatchObject({ hasClients: true });
	await host.plane.until("the report of the client", () => {
		return host.plane.observationOf(assignment.id)?.elastic?.idleMs === 0;
	});
	client.close();
	own.close();
});

test("an engine that fills up gets memory before it evicts or refuses anything, and keeps what its data needs", async () => {
	let assignment = await host.assign(sized(32));
	await host.untilRunning(assignment);
	const client = await host.connect(assignment.port);
	const fill = async (keys: number) => {
		for (let i = 0; i < keys; i++) {
			await client.command(["SET", `key:${i}`, VALUE, "EX", "1000"], 10_000);
		}
	};
	const filling = fill(600);
	// The control plane's half: twice as much at each alert.
	for (let mib = 64; mib <= 256; mib *= 2) {
		const [growth] = await host.plane.until("the engine asks for more", () => {
			const seen = growthOf(assignment);
			return seen.length > 0 && seen;
		});
		expect(growth?.usedBytes).toBeGreaterThan((mib / 2) * 0.75 * MIB);
		assignment = { ...assignment, ...sized(mib), generation: assignment.generation + 1 };
		host.plane.setAssignments([assignment]);
	}
	await filling;
	await host.untilRunning(assignment);
	const fields = await info(assignment, "stats", "memory", "keyspace");
	expect(infoNumber(fields, "evicted_keys")).toBe(0);
	expect(fields.get("db0")).toMatch(/keys=600/);
	expect(infoNumber(fields, "maxmemory")).toBe(256 * MIB);
	await host.plane.until("the report of what it uses", () => {
		return (host.plane.observationOf(assignment.id)?.elastic?.usedBytes ?? 0) > 150 * MIB;
	});

	// Less than its data needs: it keeps what it has, and says so by not confirming.
	const wide = assignment;
	const tight = { ...wide, ...sized(128), generation: wide.generation + 1 };
	host.plane.setAssignments([tight]);
	await host.plane.until("it asks again", () => growthOf(tight).length > 0);
	const kept = await info(tight, "stats", "memory");
	expect(infoNumber(kept, "maxmemory")).toBe(256 * MIB);
	expect(infoNumber(kept, "evicted_keys")).toBe(0);
	expect(host.plane.observationOf(tight.id)?.generation).toBe(wide.generation);
	// Once the data has gone, it gives the memory back.
	await client.command(["FLUSHALL"], 10_000);
	await host.untilRunning(tight);
	expect(infoNumber(await info(tight, "memory"), "maxmemory")).toBe(128 * MIB);
	client.close();
});

test("writes wait for memory that comes too late, and not for ever", async () => {
	const assignment = await host.assign(sized(32));
	await host.untilRunning(assignment);
	const client = await host.connect(assignment.port);
	const reader = await host.connect(assignment.port);
	let slowest = 0;
	let reads = 0;
	for (let i = 0; i < 120 && slowest < 500; i++) {
		const startedAt = performance.now();
		const write = client.command(["SET", `key:${i}`, VALUE], 20_000).then(() => "done");
		if ((await Promise.race([write, waitMs(200)])) === "waiting") {
			// Reads don't wait.
			await reader.command(["GET", "key:0"], 250);
			reads++;
		}
		await write;
		slowest = performance.now() - startedAt;
	}
	expect(reads).toBe(1);
	expect(slowest).toBeGreaterThan(500);
	expect(slowest).toBeLessThan(15_000);
	expect(growthOf(assignment).length).toBeGreaterThan(0);
	client.close();
	reader.close();
});

function waitMs(ms: number): Promise<string> {
	return new Promise((resolve) => setTimeout(() => resolve("waiting"), ms));
}

test(
	"clients keep to the ECPU limit, and what watches the engine notices nothing",
	TIMED,
	async () => {
		const LIMIT = 2_000;
		const assignment = await host.assign(sized(64, LIMIT));
		await host.untilRunning(assignment);
		const silences = host.plane.reports.length;
		const clients = await Promise.all(
			Array.from({ length: 8 }, () => host.connect(assignment.port)),
		);
		let done = 0;
		for (const client of clients) {
			void (async () => {
				for (;;) {
					await client.command(["SET", "key", "x"], 20_000);
					done++;
				}
			})().catch(() => {}); // Closed at the end.
		}
		// A calm cache has saved up a second, and then pays for what it used before the first look.
		await eventually("the limit holds", () => throttledMs(assignment) > 2_500);
		const from = { at: performance.now(), done };
		await eventually("three seconds have passed", () => performance.now() - from.at > 3_000);
		const rate = ((done - from.done) * 1_000) / (performance.now() - from.at);
		expect(rate).toBeGreaterThan(LIMIT * 0.7);
		expect(rate).toBeLessThan(LIMIT * 1.15);
		const reported = host.plane.reports.slice(silences).flatMap((each) => each.observations ?? []);
		expect(reported.filter(({ silentForMs }) => silentForMs !== null)).toEqual([]);
		expect(reported.every(({ phase }) => phase === "running")).toBe(true);

		// A hand-over deletes the user that throttles, so that the hold of writes remains one of writes.
		const admin = await host.connect(assignment.port, "larder");
		await admin.command(["ACL", "DELUSER", "larder-throttle"], 20_000);
		await admin.command(["CLIENT", "PAUSE", "10000", "WRITE"], 20_000);
		const askedAt = performance.now();
		await admin.command(["GET", "key"], 20_000);
		expect(performance.now() - askedAt).toBeLessThan(5_000);
		await admin.command(["CLIENT", "UNPAUSE"], 20_000);
		const atFullSpeed = done;
		await eventually("nothing throttles", () => done - atFullSpeed > LIMIT * 3);
		admin.close();
		for (const client of clients) client.close();
	},
);

function throttledMs({ id }: Assignment): number {
	return host.plane.observationOf(id)?.elastic?.throttledMs ?? 0;
}
