import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
	fillDisk,
	mountSmallDisk,
	unmountSmallDisk,
	whyNoSmallDisk,
} from "../../platform/testing/small-disk.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { eventually, freePort, killChild, TestHost } from "../testing/agent-fixture.ts";
import { makeAssignment } from "../testing/assignments.ts";
import { makeCluster, untilFormed } from "../testing/clusters.ts";
import { instancesDir } from "./instance-paths.ts";

let host: TestHost;

beforeEach(async () => {
	host = new TestHost("127.0.1.23");
	await host.plane.start();
});
afterEach(() => host.dispose());

function untilRunning({ id, generation, reboot }: Assignment, restarts: number) {
	return host.plane.until("it runs as wanted", () => {
		const seen = host.plane.observationOf(id);
		return (
			seen?.phase === "running" &&
			seen.generation === generation &&
			seen.reboot === reboot &&
			seen.restarts === restarts &&
			seen
		);
	});
}

const files = ({ id }: Assignment) => join(host.homeDir, "instances", id, "data", "appendonlydir");

async function ask(node: Assignment, ...command: string[]): Promise<unknown> {
	const client = await host.connect(node.port, "larder");
	const answer = await client.command(command, 2_000);
	client.close();
	return answer;
}

test("a persistent node has its data after every end of its process, until that is turned off", async () => {
	const port = await freePort(host.address);
	const node = makeAssignment({ port, persistence: "aof-everysec" });
	host.startAgent();
	host.plane.setAssignments([node]);
	// It counts as converged only with its files complete.
	expect(await untilRunning(node, 0)).toMatchObject({ persisted: true, keptData: false });
	await ask(node, "SET", "kept", "1");
	host.killEngine(node.id);
	expect(await untilRunning(node, 1)).toMatchObject({ persisted: true, keptData: true });
	expect(await ask(node, "GET", "kept")).toBe("1");

	const strict: Assignment = { ...node, generation: 2, persistence: "aof-always" };
	host.plane.setAssignments([strict]);
	await untilRunning(strict, 1);
	await eventually("the engine is told", async () =>
		String(await ask(node, "CONFIG", "GET", "appendfsync")).includes("always"),
	);
	await ask(node, "SET", "more", "1");
	const rebooted = { ...strict, generation: 3, reboot: 1 };
	host.plane.setAssignments([rebooted]);
	await untilRunning(rebooted, 1);
	host.killEngine(node.id);
	await untilRunning(rebooted, 2);
	expect(await ask(node, "MGET", "kept", "more")).toEqual(["1", "1"]);

	const volatile: Assignment = { ...rebooted, generation: 4, persistence: undefined };
	host.plane.setAssignments([volatile]);
	const seen = await untilRunning(volatile, 2);
	expect(seen.persisted).toBeUndefined();
	expect(existsSync(files(node))).toBe(false);
	expect(await ask(node, "GET", "kept")).toBe("1");
	host.killEngine(node.id);
	await untilRunning(volatile, 3);
	expect(await ask(node, "DBSIZE")).toBe(0);

	// Turned on in a running engine, with data.
	await ask(node, "SET", "late", "1");
	const again: Assignment = { ...volatile, generation: 5, persistence: "aof-everysec" };
	host.plane.setAssignments([again]);
	await untilRunning(again, 3);
	host.killEngine(node.id);
	await untilRunning(again, 4);
	expect(await ask(node, "GET", "late")).toBe("1");
});

test("a replica that is alone after an end of both has its data, and a node keeps files that it can't load", async () => {
	const port = await freePort(host.address);
	const primary = makeAssignment({ port, onExit: "report", persistence: "aof-everysec" });
	const replica = makeAssignment({
		port: await freePort(host.address),
		nodeName: "orders-002",
		role: { kind: "replica", of: { host: host.address, port } },
		persistence: "aof-everysec",
	});
	host.startAgent();
	host.plane.setAssignments([primary, replica]);
	await untilRunning(primary, 0);
	await untilRunning(replica, 0);
	await ask(primary, "SET", "kept", "1");
	await eventually("both have it", async () => (await ask(replica, "GET", "kept")) === "1");
	host.killEngine(primary.id);
	host.killEngine(replica.id);
	const dead = await host.plane.until("the primary waits for a permit", () => {
		const seen = host.plane.observationOf(primary.id);
		return seen?.phase === "exited" && seen.persisted === true && seen;
	});
	expect(dead.pid).toBeNull();
	await host.plane.until("the replica is back with old data", () => {
		const seen = host.plane.observationOf(replica.id);
		return (
			seen?.restarts === 1 &&
			seen.engineState?.loading === false &&
			seen.keptData &&
			!seen.engineState.synced
		);
	});
	expect(await ask(replica, "GET", "kept")).toBe("1");
	const permitted = { ...primary, launchPermit: 1, generation: 2 };
	host.plane.setAssignments([permitted, replica]);
	await untilRunning(permitted, 1);
	expect(await ask(primary, "GET", "kept")).toBe("1");
	await host.plane.until("the replica follows again", () => {
		const seen = host.plane.observationOf(replica.id);
		return seen?.engineState?.linkUp === true && seen.persisted === true;
	});

	// A file that no engine can load.
	const base = readdirSync(files(replica)).find((name) => name.endsWith(".base.rdb"));
	writeFileSync(join(files(replica), String(base)), "REDIS0011 this is no data");
	host.killEngine(replica.id);
	await host.plane.until("it has copied its primary's data", () => {
		const seen = host.plane.observationOf(replica.id);
		return (seen?.restarts ?? 0) >= 3 && seen?.engineState?.linkUp === true;
	});
	expect(await ask(replica, "GET", "kept")).toBe("1");
	const kept = readdirSync(join(host.homeDir, "damaged"));
	expect(kept.some((name) => name.endsWith("appendonlydir"))).toBe(true);
	expect(host.plane.events.some(({ message }) => message.includes("kept in damaged/"))).toBe(true);
});

/** The file that takes the newest writes. */
function newestFile(node: Assignment): string {
	const name = readdirSync(files(node)).find((each) => each.endsWith(".incr.aof"));
	return join(files(node), String(name));
}

test("a cluster of lone nodes whose host lost power in the middle of a write has everything before it", async () => {
	const engine = { engine: "valkey", engineVersion: "9" } as const;
	const made = await makeCluster({ host: host.address, shards: 3, replicas: 0, ...engine });
	const nodes = made.map((node): Assignment => ({ ...node, persistence: "aof-always" }));
	const agent = host.spawnAgent();
	host.plane.setAssignments(nodes);
	await untilFormed(host, nodes);
	for (const node of nodes) await untilRunning(node, 0);
	const keyOf = new Map<Assignment, string>();
	for (let number = 0; keyOf.size < nodes.length; number += 1) {
		for (const node of nodes) {
			const refused = await ask(node, "SET", `key:${number}`, "1").catch((error) => String(error));
			if (refused === "OK") keyOf.set(node, `key:${number}`);
		}
	}
	await killChild(agent);
	for (const { id } of nodes) host.killEngine(id);
	for (const node of nodes) {
		const file = newestFile(node);
		const { size } = statSync(file);
		writeFileSync(file, "*3\r\n$3\r\nSET\r\n$5\r\nnever\r\n$40\r\nacknow", { flag: "a" });
		expect(statSync(file).size).toBeGreaterThan(size);
	}
	host.spawnAgent();
	for (const node of nodes) await untilRunning(node, 1);
	await untilFormed(host, nodes);
	for (const node of nodes) expect(await ask(node, "GET", String(keyOf.get(node)))).toBe("1");
});

test("a file whose end is missing is loaded up to there", async () => {
	const node = makeAssignment({ port: await freePort(host.address), persistence: "aof-everysec" });
	host.startAgent();
	host.plane.setAssignments([node]);
	await untilRunning(node, 0);
	await ask(node, "SET", "synced", "1");
	const { size } = statSync(newestFile(node));
	await ask(node, "SET", "unsynced", "1");
	await host.plane.until("both are in the file", () => statSync(newestFile(node)).size > size);
	host.killEngine(node.id);
	truncateSync(newestFile(node), size + 9);
	expect(await untilRunning(node, 1)).toMatchObject({ persisted: true, keptData: true });
	expect(await ask(node, "MGET", "synced", "unsynced")).toEqual(["1", null]);
});

test.skipIf(whyNoSmallDisk() !== null)(
	"on a full disk the engine refuses writes and serves reads; the node says so, and recovers by itself",
	async () => {
		const disk = instancesDir(host.homeDir);
		mountSmallDisk(disk, 32);
		const node = makeAssignment({
			port: await freePort(host.address),
			persistence: "aof-everysec",
		});
		const stop = host.startAgent();
		try {
			host.plane.setAssignments([node]);
			await untilRunning(node, 0);
			await ask(node, "SET", "kept", "1");
			const makeRoom = fillDisk(disk);
			await eventually("a write is refused", async () => {
				const answer = await ask(node, "SET", "more", "x".repeat(65_536)).catch(String);
				return String(answer).includes("MISCONF Errors writing to the AOF file");
			});
			expect(await ask(node, "GET", "kept")).toBe("1");
			const seen = await host.plane.until("it says so", () => {
				const observation = host.plane.observationOf(node.id);
				return observation?.reason?.code === "disk" && observation;
			});
			expect(seen).toMatchObject({ phase: "running", restarts: 0 });
			const message = /refuses clients' writes.*Free space on its host's disk/;
			expect(seen.reason?.message).toMatch(message);
			await host.plane.until("an event says so", () =>
				host.plane.events.some(({ type }) => type === "node.persistence-failed"),
			);
			makeRoom();
			await eventually(
				"writes are taken again",
				async () => (await ask(node, "SET", "after", "1").catch(String)) === "OK",
			);
			await host.plane.until(
				"the reason is gone",
				() => host.plane.observationOf(node.id)?.reason === null,
			);
		} finally {
			await stop();
			host.killEngine(node.id);
			await eventually("the engine has ended", () => host.engineProcess(node.id) === null);
			unmountSmallDisk(disk);
		}
	},
);
