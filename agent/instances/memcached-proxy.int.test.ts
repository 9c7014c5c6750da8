import { afterEach, beforeEach, expect, test } from "vitest";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { MemcachedConnection } from "../drivers/memcached-connection.ts";
import { storagePort } from "../drivers/memcached-proxy.ts";
import { eventually, TestHost } from "../testing/agent-fixture.ts";
import { driverOf } from "./instance-context.ts";
import { instancePaths } from "./instance-paths.ts";

const MIB = 1024 ** 2;
const KEYS = Array.from({ length: 200 }, (_, index) => `key:${index}`);

let host: TestHost;
let open: MemcachedConnection[] = [];

beforeEach(async () => {
	host = new TestHost("127.0.1.58");
	await host.plane.start();
	host.startAgent();
});
afterEach(async () => {
	for (const each of open) each.close();
	open = [];
	await host.dispose();
});

function connect(port: number): MemcachedConnection {
	const connection = new MemcachedConnection(host.address, port);
	open.push(connection);
	return connection;
}

/** Assignments of so many nodes, of which the proxies know the first few. */
async function nodes(count: number, changes: Partial<Assignment> = {}): Promise<Assignment[]> {
	const made: Assignment[] = [];
	for (let index = 0; index < count; index++) {
		made.push(
			await host.assign({
				...{ engine: "memcached", engineVersion: "1.6", role: { kind: "node" }, onExit: "restart" },
				...{ maxmemoryBytes: 64 * MIB, memoryBytes: 128 * MIB, ...changes },
				elastic: {
					reportAboveBytes: 40 * MIB,
					holdWritesAboveBytes: 60 * MIB,
					ecpuPerSecond: null,
				},
				proxy: { nodes: [], count: 0 },
			}),
		);
	}
	return made;
}

/** Tells all nodes which of them share the keys: all or the first few of the list. Returns once all do so. */
async function share(
	all: readonly Assignment[],
	members: readonly Assignment[],
	changes: Partial<Assignment> = {},
	count = members.length,
): Promise<Assignment[]> {
	const list = members.map((node) => ({ host: host.address, port: storagePort(node) }));
	const told = all.map((node) => ({
		...{ ...node, ...changes, generation: node.generation + 1 },
		proxy: { nodes: list, count },
	}));
	host.plane.setAssignments(told);
	for (const node of told) await host.untilRunning(node);
	return told;
}

async function read(client: MemcachedConnection, key: string): Promise<string | null> {
	const line = await client.line(`mg ${key} v`, 20_000);
	return line.startsWith("VA") ? (line.split("\r\n")[1] ?? "") : null;
}

async function store(client: MemcachedConnection, key: string, value: string): Promise<string> {
	return await client.line(`set ${key} 0 0 ${value.length}\r\n${value}`, 20_000);
}

async function keysOn(node: Assignment): Promise<number> {
	return Number((await connect(storagePort(node)).stats(20_000)).get("curr_items"));
}

test("any node serves all keys; a node more moves few of them, and what is left behind is never served again", async () => {
	const all = await nodes(3);
	let told = await share(all, all.slice(0, 2));
	const [first, second, third] = told as [Assignment, Assignment, Assignment];
	const watcher = await driverOf("memcached").openSession({
		...{ assignment: () => first, paths: instancePaths(host.homeDir, first.id) },
		...{ bindAddress: host.address, timeoutMs: 2_000, inTouch: () => true, cacheHosts: () => [] },
		...{ turnedLately: () => false, onClosed: () => undefined },
	});
	const countsClients = (count: number) => async () => (await watcher.sample()).clients === count;
	// Neither agents' connections nor those of proxies count.
	expect(await countsClients(0)()).toBe(true);
	const clients = [first, second].map(({ port }) => connect(port));
	await read(clients[0] as MemcachedConnection, "absent");
	expect(await countsClients(1)()).toBe(true);
	watcher.close();
	for (const [index, key] of KEYS.entries()) {
		const client = clients[index % 2] as MemcachedConnection;
		expect(await store(client, key, "old")).toBe("STORED");
	}
	for (const key of KEYS) expect(await read(clients[0] as MemcachedConnection, key)).toBe("old");
	expect((await keysOn(first)) + (await keysOn(second))).toBe(KEYS.length);
	expect(await keysOn(first)).toBeGreaterThan(KEYS.length / 4);
	expect(await keysOn(third)).toBe(0);
	const pids = () => told.map(({ id }) => host.engineProcess(id)?.pid);
	const before = pids();

	// A third node: about a third of the keys move, and are misses. Connections stay.
	told = await share(told, told);
	const moved: string[] = [];
	for (const key of KEYS) {
		if ((await read(clients[0] as MemcachedConnection, key)) === null) moved.push(key);
	}
	expect(moved.length).toBeGreaterThan(KEYS.length / 6);
	expect(moved.length).toBeLessThan(KEYS.length / 2);
	const [written = "", deleted = "", ...untouched] = moved;
	await store(clients[1] as MemcachedConnection, written, "new");
	await expect(clients[1]?.line(`delete ${deleted}`, 20_000)).resolves.toBe("NOT_FOUND");
	const kept = KEYS.filter((key) => !moved.includes(key));
	for (const key of kept) {
		expect(await store(clients[0] as MemcachedConnection, key, "kept")).toBe("STORED");
	}

	// It leaves: its keys return to nodes that have nothing of them but what is still true.
	told = await share(told, told.slice(0, 2));
	for (const key of [written, deleted]) {
		expect(await read(clients[1] as MemcachedConnection, key)).toBeNull();
	}
	for (const key of untouched) {
		expect(await read(clients[1] as MemcachedConnection, key)).toBe("old");
	}
	for (const key of kept) expect(await read(clients[0] as MemcachedConnection, key)).toBe("kept");
	expect(pids()).toEqual(before);
	// Clients can't change what is for all.
	await expect(connect(first.port).line("cache_memlimit 1", 2_000)).rejects.toThrow();
});

test("keys of a node that is gone are misses at once, and are stored again once it is back", async () => {
	const all = await nodes(2);
	const told = await share(all, all);
	const [first, second] = told as [Assignment, Assignment];
	const client = connect(first.port);
	for (const key of KEYS) expect(await store(client, key, "x")).toBe("STORED");
	const engine = host.engineProcess(second.id);
	if (engine !== null) signalProcess(engine, "SIGKILL");
	const answers = new Map<string, number>();
	for (const key of KEYS) {
		const answer = await store(client, key, "y");
		answers.set(answer, (answers.get(answer) ?? 0) + 1);
	}
	expect([...answers.keys()].filter((answer) => !/^(STORED|NOT_STORED)$/.test(answer))).toEqual([]);
	await host.plane.until("it runs again", () => {
		const seen = host.plane.observationOf(second.id);
		return seen?.phase === "running" && seen.pid !== engine?.pid;
	});
	await eventually("all keys are stored", async () => {
		for (const key of KEYS) if ((await store(client, key, "z")) !== "STORED") return false;
		return true;
	});
	expect(await read(client, KEYS[0] ?? "")).toBe("z");
	// An application's mistake closes the connection between proxy and node: other clients notice nothing.
	await expect(client.line(`incr ${KEYS[0]} 1`, 20_000)).rejects.toThrow("CLIENT_ERROR");
	for (const key of KEYS) expect(await read(connect(second.port), key)).toBe("z");
});

test("a node grows before it evicts, gives memory back without losing items, and keeps to its ECPUs", async () => {
	const all = await nodes(1);
	let [node] = await share(all, all);
	if (node === undefined) throw new Error("no node");
	const client = connect(node.port);
	const value = "x".repeat(100_000);
	for (let index = 0; index < 550; index++) await store(client, `big:${index}`, value);
	const alert = await host.plane.until("the engine asks for more", () =>
		host.plane.alerts.flatMap(({ growing = [] }) => growing).at(-1),
	);
	expect(alert.usedBytes).toBeGreaterThan(40 * MIB);
	const larger = { maxmemoryBytes: 256 * MIB, memoryBytes: 340 * MIB };
	[node] = (await share([node], [node], larger)) as [Assignment];
	for (let index = 550; index < 1_800; index++) await store(client, `big:${index}`, value);
	const stats = () => connect(storagePort(node as Assignment)).stats(20_000);
	expect((await stats()).get("evictions")).toBe("0");
	for (let index = 0; index < 1_800; index++) {
		if (index % 6 > 0) await client.line(`delete big:${index}`, 20_000);
	}
	const smaller = { maxmemoryBytes: 96 * MIB, memoryBytes: 128 * MIB };
	[node] = (await share([node], [node], smaller)) as [Assignment];
	const slabs = await connect(storagePort(node)).stats(20_000, "slabs");
	expect(Number(slabs.get("total_malloced"))).toBeLessThanOrEqual(96 * MIB);
	expect((await stats()).get("curr_items")).toBe("300");

	const elastic = { reportAboveBytes: 80 * MIB, holdWritesAboveBytes: null, ecpuPerSecond: 500 };
	[node] = (await share([node], [node], { elastic })) as [Assignment];
	const startedAt = performance.now();
	for (let index = 0; index < 1_500; index++) await client.line("mg absent", 20_000);
	// A second is saved up.
	expect(performance.now() - startedAt).toBeGreaterThan(1_500);
	await host.plane.until("the wait is reported", () => {
		return (host.plane.observationOf(node?.id ?? "")?.elastic?.throttledMs ?? 0) > 500;
	});
});
