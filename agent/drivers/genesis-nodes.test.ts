import { expect, test } from "vitest";
import { evenSlots } from "../../server/contract/slots.ts";
import { clusterStateOf, isPhantom, readTopology } from "./cluster-topology.ts";
import { phantomId, renderGenesisNodes, renderNewcomerNodes } from "./genesis-nodes.ts";
import { ledWithSlots } from "./hold-back.ts";

const id = (digit: string) => digit.repeat(40);
const member = (digit: string, port: number) => ({ nodeId: id(digit), host: "10.0.0.1", port });
const shards = [
	{ slots: [evenSlots(2, 0)], primary: id("a"), members: [member("a", 7001), member("b", 7002)] },
	{ slots: [evenSlots(2, 1)], primary: id("c"), members: [member("c", 7003), member("d", 7004)] },
];
const addresses = new Map(["a", "b", "c", "d"].map((digit) => [id(digit), "10.0.0.1"]));
const [first, second] = shards.map(phantomId);

test("a new node follows its shard's phantom, and knows all others in their places", () => {
	for (const [self, phantom, epoch] of [
		["a", first, 3],
		["b", first, 3],
		["d", second, 4],
	] as const) {
		const text = renderGenesisNodes({ shards, former: [], nodeId: id(self) }, addresses);
		const { self: me, nodes } = readTopology(text.replace(/^vars.*\n/m, ""), "", []);
		expect(me).toMatchObject({ nodeId: id(self), isPrimary: false, primaryId: phantom, slots: [] });
		expect(nodes.size).toBe(6);
		expect(text).toContain(`vars currentEpoch ${epoch} lastVoteEpoch 0`);
		expect([...nodes.values()].filter(isPhantom).map(({ slots }) => slots)).toEqual(
			shards.map(({ slots }) => slots),
		);
	}
	const seenByD = renderGenesisNodes({ shards, former: [], nodeId: id("d") }, addresses);
	expect(seenByD).toContain(`${id("a")} 10.0.0.1:7001@17001 master - 0 0 0 disconnected`);
	expect(seenByD).toContain(`${id("b")} 10.0.0.1:7002@17002 slave ${id("a")} 0 0 0 disconnected`);
	expect(seenByD).toContain(
		`${id("d")} 10.0.0.1:7004@17004 myself,slave ${second} 0 0 0 connected`,
	);
});

test("a node that joins later knows no other node and claims nothing", () => {
	const text = renderNewcomerNodes({ shards, former: [], nodeId: id("b") }, addresses);
	expect(text).toBe(
		`${id("b")} 10.0.0.1:7002@17002 myself,master - 0 0 0 connected\nvars currentEpoch 0 lastVoteEpoch 0\n`,
	);
});

test("a shard without slots needs no phantom", () => {
	const empty = { slots: [], primary: id("e"), members: [member("e", 7005), member("f", 7006)] };
	const all = new Map([...addresses, [id("e"), "10.0.0.1"], [id("f"), "10.0.0.1"]]);
	const cluster = { shards: [...shards, empty], former: [], nodeId: id("e") };
	const text = renderGenesisNodes(cluster, all);
	expect(text).toContain(`${id("e")} 10.0.0.1:7005@17005 myself,master - 0 0 0 connected\n`);
	expect(text).not.toContain(phantomId(empty));
});

test("the engine's answer is read, with the slots of one primary together", () => {
	const nodes = [
		`${id("a")} 10.0.0.1:7001@17001,,shard-id=x myself,master - 0 0 3 connected 0-10 12 [5->-${id("c")}]`,
		`${id("b")} 10.0.0.1:7002@17002 slave ${id("a")} 0 17 3 connected`,
		`${id("9")} :0@0 handshake - 0 0 0 disconnected`,
		"",
	].join("\n");
	const entry = (from: number, to: number) => [
		...[from, to, ["10.0.0.1", 7001, id("a"), []], ["10.0.0.1", 7002, id("b"), []]],
	];
	const info = "cluster_state:ok\r\ncluster_slots_ok:12\r\n";
	const topology = readTopology(nodes, info, [entry(12, 12), entry(0, 10)]);
	expect(topology.nodes.get(id("b"))).toMatchObject({ primaryId: id("a"), hasAnswered: true });
	expect(topology.nodes.get(id("9"))?.isHandshake).toBe(true);
	expect(clusterStateOf(topology)).toMatchObject({
		...{ nodeId: id("a"), ok: false, primaryNodeId: null, slots: "0-10,12" },
	});
	const other = readTopology(nodes, info, [entry(0, 10), entry(12, 12)]);
	expect(clusterStateOf(other).view).toBe(clusterStateOf(topology).view);
});

test("the engine's own file says whether a node led", () => {
	const line = (flags: string, slots: string) =>
		`${id("b")} 10.0.0.1:7002@17002 slave ${id("a")} 0 17 3 connected\n${id("a")} 10.0.0.1:7001@17001,,tls-port=0 ${flags} 0 0 3 connected${slots}\n`;
	expect(ledWithSlots(line("myself,master -", " 0-10 12"))).toBe(true);
	expect(ledWithSlots(line("myself,master -", ""))).toBe(false);
	expect(ledWithSlots(line(`myself,slave ${id("b")}`, ""))).toBe(false);
	expect(ledWithSlots(null)).toBe(false);
});
