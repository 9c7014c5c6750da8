import { beforeEach, expect, it } from "vitest";
import { createCacheInputSchema } from "../contract/create-cache.ts";
import { createCache } from "../services/caches/create-cache.ts";
import { getCache } from "../services/caches/get-cache.ts";
import { enrollTestHosts, type TestHost } from "../testing/test-host.ts";
import { openTestResources, type TestResources, testCaller } from "../testing/test-resources.ts";
import { reconcileCache } from "./reconcile-cache.ts";

let test: TestResources;
let hosts: TestHost[];
const caller = testCaller();

beforeEach(async () => {
	test = await openTestResources();
	hosts = await enrollTestHosts(test, "a");
});

const create = (name: string, input: object = {}) =>
	createCache(test.resources, caller, createCacheInputSchema.parse({ name, ...input }));
const get = (name: string) => getCache(test.resources, { name });
const portsOf = async (name: string) => {
	const { port, readerPort } = await test.resources.db.cache.findUniqueOrThrow({ where: { name } });
	return [port, readerPort];
};

/** Hosts and the reconciler take turns until ports no longer change. Returns how many turns changed ports. */
async function takeTurns(foreignPorts: readonly number[]): Promise<number> {
	const ports = async () => [
		await test.resources.db.cache.findMany({ select: { port: true, readerPort: true } }),
		await test.resources.db.node.findMany({ select: { id: true, port: true } }),
	];
	let [before, changes, calmTurns] = ["", 0, 0];
	while (calmTurns < 2) {
		for (const { id } of await test.resources.db.cache.findMany({ select: { id: true } })) {
			await reconcileCache(test.resources, id, (work) => work());
		}
		for (const host of hosts) await host.converge(foreignPorts);
		const now = JSON.stringify(await ports());
		calmTurns = now === before ? calmTurns + 1 : 0;
		if (now !== before) changes += 1;
		if (changes > 20) throw new Error("ports change again and again");
		before = now;
	}
	return changes;
}

it("leaves alone the ports that other programs hold, and holds back no other cache", async () => {
	const foreign = [6379, 6380, 6381, 6382, 6383, 6384];
	await create("orders");
	await create("pages", { port: 6390 });
	// Each port is tried once at most.
	expect(await takeTurns(foreign)).toBeLessThanOrEqual(7);
	for (const name of ["orders", "pages"]) {
		expect(await get(name)).toMatchObject({ status: "available", statusReason: null });
		for (const port of await portsOf(name)) expect(foreign).not.toContain(port);
	}
	expect((await portsOf("pages"))[0]).toBe(6390);
	// A later cache doesn't get them at all.
	await create("carts");
	expect(await takeTurns(foreign)).toBeLessThanOrEqual(2);
	expect((await get("carts")).status).toBe("available");
});

it("says once that no endpoint port is left, and continues when one is free", async () => {
	Object.assign(test.resources, { clientPorts: { first: 6379, last: 6381 } });
	await create("orders");
	await takeTurns([6379, 6380]);
	expect((await get("orders")).statusReason).toContain(
		"No endpoint port from 6379 to 6381 is left (other programs on the hosts hold 2 of them)",
	);
	const waiting = { where: { type: "cache.waiting" } };
	expect(await test.resources.db.event.count(waiting)).toBe(1);
	test.time.now = new Date(test.time.now.getTime() + 11 * 60_000);
	for (const host of hosts) await host.report();
	await takeTurns([6379]);
	expect((await get("orders")).status).toBe("available");
});

it("moves nodes past ports that other programs hold, and never back to them", async () => {
	Object.assign(test.resources, { nodePorts: { first: 17_000, last: 17_003 } });
	await create("orders");
	await takeTurns([17_000, 17_001, 17_002]);
	expect((await get("orders")).status).toBe("available");
	await create("pages");
	await takeTurns([17_000, 17_001, 17_002]);
	expect((await get("pages")).statusReason).toContain("No node port from 17000 to 17003 is left");
});
