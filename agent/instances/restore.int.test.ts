import { createHash } from "node:crypto";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { freePort, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment } from "../testing/assignments.ts";

const TRANSFER = "transfer-of-the-test";

let host: TestHost;
let file: string;
beforeEach(async () => {
	host = new TestHost("127.0.1.59");
	await host.plane.start();
	file = join(host.homeDir, "stored.rdb");
});
afterEach(() => host.dispose());

const text = (value: string) => Buffer.from([value.length, ...Buffer.from(value)]);

/** A file with one key, as it is in a store on this machine. */
function store(value: string): { bytes: number; sha256: string } {
	const content = Buffer.concat([
		...[Buffer.from("REDIS0011"), Buffer.from([0xfe, 0, 0]), text("kept"), text(value)],
		...[Buffer.from([0xff]), Buffer.alloc(8)],
	]);
	writeFileSync(file, content);
	const expected = {
		bytes: content.length,
		sha256: createHash("sha256").update(content).digest("hex"),
	};
	host.plane.transfers.set(TRANSFER, { direction: "get", expected, file });
	return expected;
}

const restoring = (
	assignment: Assignment,
	content: { bytes: number; sha256: string },
): Assignment => ({
	...assignment,
	generation: assignment.generation + 1,
	restore: { id: "r", files: [{ transferId: TRANSFER, ...content, keys: 1 }], slots: null },
});

const read = async ({ port }: Assignment) => {
	const client = await host.connect(port);
	const value = await client.command(["GET", "kept"], 20_000);
	client.close();
	return value;
};

const untilReady = (assignment: Assignment) =>
	host.plane.until("the data to be loaded", () => {
		const seen = host.plane.observationOf(assignment.id);
		return seen?.phase === "running" && seen.restore?.phase === "ready" && seen;
	});

test("an engine that became primary without the data of the snapshot starts again with it", async () => {
	host.startAgent();
	const assignment = makeAssignment({ port: await freePort(host.address) });
	host.plane.setAssignments([assignment]);
	await host.untilRunning(assignment);
	const client = await host.connect(assignment.port, "larder");
	await client.command(["SET", "kept", "a replica's"], 20_000);
	client.close();
	const former = host.engineProcess(assignment.id)?.pid;

	const next = restoring(assignment, store("the snapshot's"));
	host.plane.setAssignments([next]);
	const seen = await untilReady(next);
	expect(seen.engineState?.loadedKeys).toBe(1);
	expect(host.engineProcess(assignment.id)?.pid).not.toBe(former);
	expect(await read(next)).toBe("the snapshot's");
	const early = host.plane.reports
		.flatMap(({ observations }) => observations ?? [])
		.filter(({ pid, restore }) => pid === former && restore?.phase === "ready");
	expect(early).toEqual([]);

	// Nothing is left once it is over, and the store's file is as it was.
	const over = { ...assignment, generation: next.generation + 1 };
	host.plane.setAssignments([over]);
	await host.untilRunning(over);
	await expect.poll(() => statSync(file).nlink).toBe(1);
	expect(host.engineProcess(assignment.id)?.pid).toBe(seen.pid);
});

test("an engine doesn't start with a file that isn't what it should be", async () => {
	host.startAgent();
	const content = store("right");
	const assignment = makeAssignment({ port: await freePort(host.address) });
	writeFileSync(file, "wrong".padEnd(content.bytes));
	host.plane.setAssignments([restoring(assignment, content)]);
	const { reason } = await host.plane.until("the reason", () => {
		const seen = host.plane.observationOf(assignment.id);
		return seen?.reason?.message.includes("checksum") && seen;
	});
	expect(reason?.message).toContain("its checksum differs");
	expect(host.engineProcess(assignment.id)).toBeNull();
	expect(existsSync(join(host.homeDir, "instances", assignment.id, "data", "dump.rdb"))).toBe(
		false,
	);
});
