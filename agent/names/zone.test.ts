import { type Answer, decode, encode, type Packet, type Question } from "dns-packet";
import { describe, expect, it, test } from "vitest";
import type { Names } from "../../server/contract/names.ts";
import { readQuery, writeReply } from "./dns-message.ts";
import { heldNames } from "./held-names.ts";
import { Zone } from "./zone.ts";

const NAMES: Names = {
	...{ zone: "cache.example.com", revision: 1, whole: true, removed: [] },
	names: [
		{ name: "orders", kind: "primary", port: 6379, addresses: ["10.0.0.2", "10.0.0.1"] },
		{ name: "orders-001", kind: "node", port: 17_000, addresses: ["10.0.0.1"] },
		{ name: "1.ns", kind: "server", port: null, addresses: ["10.0.0.1"] },
		{ name: "2.ns", kind: "server", port: null, addresses: ["10.0.0.2"] },
	],
};
const zone = new Zone(NAMES, async ({ addresses }) => [...addresses]);

interface Options {
	type?: string;
	about?: string;
	packet?: Packet;
	bytesMax?: number;
}

/** What a client gets for its question, over a network that takes `bytesMax`; null for no answer. */
async function ask(name: string, { type = "A", about = "IN", packet, bytesMax }: Options = {}) {
	const question = { name, type, class: about } as Question;
	const query = readQuery(
		encode({ type: "query", id: 7, flags: 1 << 8, questions: [question], ...packet }),
	);
	if (query === null) return null;
	const bytes = writeReply(query, await zone.answer(query), bytesMax ?? query.bytesMax);
	const reply = decode(bytes) as ReturnType<typeof decode> & { rcode: string };
	return {
		bytes: bytes.length,
		rcode: reply.rcode,
		authoritative: reply.flag_aa,
		truncated: reply.flag_tc,
		recursion: [reply.flag_rd, reply.flag_ra],
		names: reply.questions?.map((each) => each.name),
		data: data(reply.answers),
		authority: reply.authorities?.map((each) => `${each.type} ${each.name}`),
		glue: data(reply.additionals),
	};
}

function data(records: Answer[] | undefined): unknown[] | undefined {
	return records?.map((record) => ("data" in record ? record.data : record.type));
}

const NOT_THERE = { authoritative: true, data: [], authority: ["SOA cache.example.com"] };

describe("the zone answers", () => {
	it("a name in any case, with the addresses in their order, and echoes it as it was asked", async () => {
		expect(await ask("oRDers.CACHE.example.com")).toMatchObject({
			...{ rcode: "NOERROR", authoritative: true, recursion: [true, false] },
			...{ names: ["oRDers.CACHE.example.com"], data: ["10.0.0.2", "10.0.0.1"] },
		});
		expect(await ask("orders-001.cache.example.com", { type: "ANY" })).toMatchObject({
			data: ["10.0.0.1"],
		});
	});

	it("with no data for other types, names that only have names below them, and the zone itself", async () => {
		for (const type of ["AAAA", "TXT", "UNKNOWN_65"]) {
			const reply = await ask("orders.cache.example.com", { type });
			expect(reply).toMatchObject({ rcode: "NOERROR", ...NOT_THERE });
		}
		expect(await ask("ns.cache.example.com")).toMatchObject({ rcode: "NOERROR", ...NOT_THERE });
		expect(await ask("cache.example.com")).toMatchObject({ rcode: "NOERROR", ...NOT_THERE });
	});

	it("that a name doesn't exist, even below a cache's name", async () => {
		for (const name of ["nothing", "a.orders", "3.ns", "_dns"]) {
			const reply = await ask(`${name}.cache.example.com`);
			expect(reply).toMatchObject({ rcode: "NXDOMAIN", ...NOT_THERE });
		}
	});

	it("its servers, with their addresses, and its authority", async () => {
		expect(await ask("cache.example.com", { type: "NS" })).toMatchObject({
			data: ["1.ns.cache.example.com", "2.ns.cache.example.com"],
			glue: ["10.0.0.1", "10.0.0.2"],
		});
		expect(await ask("2.ns.cache.example.com")).toMatchObject({ data: ["10.0.0.2"] });
		const soa = await ask("Cache.example.com", { type: "SOA" });
		expect(soa?.data).toMatchObject([{ mname: "1.ns.cache.example.com", minimum: 5 }]);
	});

	it("nothing outside the zone, no other class and no copy of the zone", async () => {
		const refused = { rcode: "REFUSED", authoritative: false, data: [], authority: [] };
		for (const name of ["example.com", "xcache.example.com", "com", "", "orders"]) {
			expect(await ask(name)).toMatchObject(refused);
		}
		expect(await ask("version.bind", { type: "TXT", about: "CH" })).toMatchObject(refused);
		expect(await ask("cache.example.com", { about: "CH" })).toMatchObject(refused);
		expect(await ask("cache.example.com", { type: "AXFR" })).toMatchObject(refused);
	});
});

describe("a message", () => {
	it("that is too large for UDP loses its records, so that the client asks over TCP", async () => {
		const name = "orders.cache.example.com";
		const whole = await ask(name);
		const cut = await ask(name, { bytesMax: 0 });
		expect(cut).toMatchObject({ rcode: "NOERROR", truncated: true, data: [], names: [name] });
		expect(cut?.bytes).toBe(encode({ questions: [{ name, type: "A" }] }).length);
		expect(whole).toMatchObject({ truncated: false });
	});

	it("may be larger with EDNS, within what passes every network", () => {
		const withEdns = (udpPayloadSize: number) => {
			const edns = { type: "OPT", name: ".", udpPayloadSize, flags: 0, options: [] };
			const questions: Question[] = [{ name: "a", type: "A" }];
			return readQuery(encode({ type: "query", questions, additionals: [edns as never] }));
		};
		expect(withEdns(4_096)).toMatchObject({ usesEdns: true, bytesMax: 1_232 });
		expect(withEdns(100)?.bytesMax).toBe(512);
		expect(readQuery(encode({ questions: [] }))).toMatchObject({ usesEdns: false, bytesMax: 512 });
	});

	it("isn't answered if it is an answer or can't be read, and gets an error if it isn't one standard question", async () => {
		expect(await ask("orders.cache.example.com", { packet: { type: "response" } })).toBeNull();
		expect(readQuery(Buffer.from("no DNS at all, but text"))).toBeNull();
		expect(readQuery(Buffer.alloc(0))).toBeNull();
		expect(readQuery(Buffer.alloc(11, 255))).toBeNull();
		expect(await ask("", { packet: { questions: [] } })).toMatchObject({ rcode: "FORMERR" });
		const question: Question = { name: "orders.cache.example.com", type: "A" };
		const two = { packet: { questions: [question, question] } };
		expect(await ask("", two)).toMatchObject({ rcode: "FORMERR", names: [] });
		expect(await ask("bad\u0000name.cache.example.com")).toMatchObject({ rcode: "FORMERR" });
		const update = { packet: { flags: 5 << 11 } };
		expect(await ask("cache.example.com", update)).toMatchObject({ rcode: "NOTIMP", data: [] });
	});
});

test("an update changes only what it names, and no zone leaves no names", () => {
	const [orders] = NAMES.names;
	if (orders === undefined) throw new Error("no names");
	const update: Names = {
		...{ ...NAMES, revision: 2, whole: false, removed: ["orders-001", "2.ns"] },
		names: [
			{ ...orders, addresses: ["10.0.0.1"] },
			{ ...orders, name: "carts" },
		],
	};
	const held = heldNames(NAMES, update);
	expect(held).toMatchObject({ revision: 2, whole: true, removed: [] });
	expect(held?.names.map(({ name, addresses }) => `${name} ${addresses}`)).toEqual([
		...["orders 10.0.0.1", "1.ns 10.0.0.1", "carts 10.0.0.2,10.0.0.1"],
	]);
	expect(heldNames(held, undefined)).toBe(held);
	expect(heldNames(held, NAMES)).toBe(NAMES);
	expect(heldNames(held, null)).toBeNull();
});
