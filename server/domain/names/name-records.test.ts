import { describe, expect, it } from "vitest";
import { NAME_ADDRESSES_MAX } from "../../contract/names.ts";
import { ChangeLog } from "./change-log.ts";
import { type NamedCache, type NamedHost, nameRecords } from "./name-records.ts";

const host = (id: string, overrides: Partial<NamedHost> = {}): NamedHost => ({
	...{ id, zone: `zone-${id}`, address: `10.0.0.${id}`, lost: false },
	...overrides,
});
const orders: NamedCache = {
	name: "orders",
	ports: { primary: 6379, reader: 6380, configuration: null },
	servedBy: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"],
	nodes: [
		{ name: "orders-001", port: 17_000, hostId: "1", leads: false, arriving: false },
		{ name: "orders-002", port: 17_001, hostId: "2", leads: true, arriving: false },
	],
};

describe("the names of a cache", () => {
	it("resolve to the gateways that serve it, the primary's own host first, and to its nodes", () => {
		const names = nameRecords([orders], [host("3"), host("1"), host("2")]);
		const addresses = ["10.0.0.2", "10.0.0.1", "10.0.0.3"];
		expect(names.get("orders")).toEqual({ name: "orders", kind: "primary", port: 6379, addresses });
		expect(names.get("orders-ro")).toMatchObject({ kind: "reader", port: 6380, addresses });
		expect(names.get("orders-001")).toMatchObject({ port: 17_000, addresses: ["10.0.0.1"] });
		expect(names.size).toBe(4 + 3);
	});

	it("resolve to the process that serves while a node moves, wherever the newcomer is in the list", () => {
		const hosts = [host("1"), host("2"), host("3")];
		const [replica, primary] = orders.nodes;
		if (replica === undefined || primary === undefined) throw new Error("no nodes");
		const moving = (change: object) => ({
			...orders,
			nodes: [replica, primary, { ...replica, hostId: "3", ...change }],
		});
		for (const [change, address] of [
			[{ arriving: true }, "10.0.0.1"],
			[{ arriving: true, leads: true }, "10.0.0.3"],
		] as const) {
			const cache = moving(change);
			for (const nodes of [cache.nodes, cache.nodes.toReversed()]) {
				const names = nameRecords([{ ...cache, nodes }], hosts);
				expect(names.get("orders-001")?.addresses).toEqual([address]);
			}
		}
	});

	it("resolve to no lost host, except for a node that was there and isn't replaced yet", () => {
		const names = nameRecords([orders], [host("1"), host("2", { lost: true }), host("3")]);
		expect(names.get("orders")?.addresses).toEqual(["10.0.0.1", "10.0.0.3"]);
		expect(names.get("orders-002")?.addresses).toEqual(["10.0.0.2"]);
	});

	it("have few addresses in a large fleet, and one for several hosts at the same address", () => {
		const many = Array.from({ length: 50 }, (_, index) => host(String(index + 1)));
		const large = nameRecords([orders], many).get("orders")?.addresses;
		expect(large).toHaveLength(NAME_ADDRESSES_MAX);
		expect(large?.slice(0, 2)).toEqual(["10.0.0.2", "10.0.0.1"]);
		const elsewhere: NamedCache = { ...orders, servedBy: ["1", "2", "40"] };
		const few = nameRecords([elsewhere], many).get("orders")?.addresses;
		expect(few).toEqual(["10.0.0.2", "10.0.0.1", "10.0.0.40"]);
		const shared = many.map((each) => ({ ...each, address: "127.0.0.1" }));
		expect(nameRecords([orders], shared).get("orders")?.addresses).toEqual(["127.0.0.1"]);
	});

	it("give way to a cache of the same name", () => {
		const ports = { primary: 7000, reader: null, configuration: null };
		const other: NamedCache = { ...orders, name: "orders-ro", ports };
		for (const caches of [
			[orders, other],
			[other, orders],
		]) {
			const names = nameRecords(caches, [host("1"), host("2")]);
			expect(names.get("orders-ro")).toMatchObject({ kind: "primary", port: 7000 });
		}
	});
});

it("names servers of different failure zones first, and never a lost host", () => {
	const hosts = ["1", "2", "3", "4", "5", "6", "7"].map((id) =>
		host(id, { zone: id < "6" ? "a" : "b", lost: id === "2" }),
	);
	const servers = [...nameRecords([], hosts).values()];
	expect(servers.map(({ name, addresses }) => `${name} ${addresses}`)).toEqual([
		...["1.ns 10.0.0.1", "2.ns 10.0.0.6", "3.ns 10.0.0.3", "4.ns 10.0.0.7", "5.ns 10.0.0.4"],
	]);
});

describe("the log of changes", () => {
	const values = (entries: Record<string, number>) => new Map(Object.entries(entries));

	it("returns everything to a newcomer, and afterward what has changed or gone", () => {
		const log = new ChangeLog<number>();
		log.update(values({ a: 1, b: 2 }));
		const { revision } = log;
		expect(log.since(-1)).toEqual({ whole: true, changed: [1, 2], removed: [] });
		log.update(values({ a: 1, b: 2 }));
		expect(log.revision).toBe(revision);
		log.update(values({ a: 3, c: 4 }));
		expect(log.since(revision)).toEqual({ whole: false, changed: [3, 4], removed: ["b"] });
		log.update(values({ a: 3, b: 2, c: 4 }));
		expect(log.since(revision)).toEqual({ whole: false, changed: [3, 4, 2], removed: [] });
		expect(log.since(log.revision)).toEqual({ whole: false, changed: [], removed: [] });
	});

	it("returns everything to a holder of a revision that it can't compare with", () => {
		const log = new ChangeLog<number>();
		log.update(values({ a: 1 }));
		expect(log.since(99).whole).toBe(true);
		const before = log.revision;
		log.update(new Map(Array.from({ length: 10_001 }, (_, index) => [String(index), index])));
		log.update(values({ a: 1 }));
		expect(log.since(before).whole).toBe(true);
		expect(log.since(log.revision).whole).toBe(false);
	});
});
