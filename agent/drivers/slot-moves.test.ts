import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readTopology } from "./cluster-topology.ts";
import type { RespValue } from "./resp-parser.ts";
import { SlotMoves } from "./slot-moves.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const [A, B, C] = ["a".repeat(40), "b".repeat(40), "c".repeat(40)];
const line = (id: string, port: number, rest: string) =>
	`${id} 127.0.0.1:${port}@${port + 10_000} ${rest}`;
const topology = (own: string) =>
	readTopology(
		[
			line(A, 7_000, `myself,master - 0 0 1 connected ${own}`),
			line(B, 7_001, "master - 0 1 2 connected 8192-16383"),
			line(C, 7_002, "master - 0 1 3 connected"),
		].join("\n"),
		"cluster_state:ok\r\n",
		[],
	);
const clusterWith = (to: string, first = 4_096, last = 8_191) => ({
	...{ nodeId: A, shards: [], former: [] },
	moves: [{ id: "m1", slots: [{ first, last }], to }],
});

/** An engine that records its commands, and a mover that sends them. */
function scene({ keysPerSlot = 0, clientCommands = 1_000 } = {}) {
	let processed = 0;
	const asked: string[] = [];
	const migrations: Record<string, string>[] = [];
	const imports: string[] = [];
	const moves = new SlotMoves({
		askNode: async () => imports.map((state) => ["operation", "IMPORT", "state", state]),
		auth: () =>
			({ systemPassword: "secret" }) as ReturnType<
				ConstructorParameters<typeof SlotMoves>[0]["auth"]
			>,
		command: async (...args): Promise<RespValue> => {
			if (args[1] === "GETSLOTMIGRATIONS")
				return migrations.map((fields) => Object.entries(fields).flat());
			if (args[1] === "COUNTKEYSINSLOT") return keysPerSlot;
			if (args[0] === "INFO") {
				processed += clientCommands;
				return `total_commands_processed:${processed}\r\n`;
			}
			asked.push(args.join(" ").replace(/(masterauth) \S+/, "$1 …"));
			if (args[1] === "MIGRATESLOTS") {
				const slots = `${args[3]}-${args[4]}`;
				const target_node = args.at(-1) ?? "";
				migrations.unshift({
					...{ name: `m${migrations.length}`, operation: "EXPORT", slot_ranges: slots },
					...{ target_node, state: "snapshotting", message: "" },
				});
			}
			return "OK";
		},
	});
	const end = (state: string, message = "") =>
		Object.assign(migrations[0] ?? {}, { state, message });
	return { asked, moves, end, imports };
}

test("slots go in parts, half as many after each failure, and the login that may write is forgotten at the end", async () => {
	const { asked, moves, end } = scene();
	const cluster = clusterWith(C);
	expect(await moves.keep(cluster, topology("0-8191"))).toBe(true);
	const login =
		"CONFIG SET masteruser larder-slots masterauth … slot-migration-max-failover-repl-bytes 1048576";
	expect(asked.splice(0)).toEqual([login, `CLUSTER MIGRATESLOTS SLOTSRANGE 4096 5119 NODE ${C}`]);
	// Under way: it waits.
	expect(await moves.keep(cluster, topology("0-8191"))).toBe(false);
	end("failed", "too many writes");
	await moves.keep(cluster, topology("0-8191"));
	vi.advanceTimersByTime(300);
	await moves.keep(cluster, topology("0-8191"));
	expect(asked.splice(0)).toEqual([login, `CLUSTER MIGRATESLOTS SLOTSRANGE 4096 4607 NODE ${C}`]);
	expect(moves.report()).toEqual([{ id: "m1", problem: null }]);
	end("failed", "too many writes");
	await moves.keep(cluster, topology("0-8191"));
	expect(moves.report()).toEqual([{ id: "m1", problem: "too many writes" }]);
	vi.advanceTimersByTime(600);
	await moves.keep(cluster, topology("0-8191"));
	expect(asked.splice(0)).toEqual([login, `CLUSTER MIGRATESLOTS SLOTSRANGE 4096 4351 NODE ${C}`]);
	vi.advanceTimersByTime(100);
	end("success");
	// It rests for twice as long as the attempt took.
	await moves.keep(cluster, topology("0-4095 4352-8191"));
	vi.advanceTimersByTime(199);
	await moves.keep(cluster, topology("0-4095 4352-8191"));
	expect(asked).toEqual([]);
	vi.advanceTimersByTime(1);
	await moves.keep(cluster, topology("0-4095 4352-8191"));
	expect(asked.splice(0)).toEqual([login, `CLUSTER MIGRATESLOTS SLOTSRANGE 4352 4863 NODE ${C}`]);
	end("success");
	await moves.keep(cluster, topology("0-4095"));
	expect(moves.report()).toEqual([]);
	expect(asked).toEqual([
		"CONFIG SET masteruser larder-replication masterauth … slot-migration-max-failover-repl-bytes 0",
	]);
});

test("a source waits while the target takes in slots of another, but not forever", async () => {
	const { asked, moves, imports } = scene();
	imports.push("success", "snapshotting");
	const begun = () => asked.some((command) => command.startsWith("CLUSTER MIGRATESLOTS"));
	expect(await moves.keep(clusterWith(C), topology("0-8191"))).toBe(false);
	vi.advanceTimersByTime(9_000);
	expect(await moves.keep(clusterWith(C), topology("0-8191"))).toBe(false);
	expect(begun()).toBe(false);
	vi.advanceTimersByTime(2_000);
	expect(await moves.keep(clusterWith(C), topology("0-8191"))).toBe(true);
	expect(begun()).toBe(true);
});

test("while no client uses the engine, one attempt follows another at once", async () => {
	const { asked, moves, end } = scene({ clientCommands: 1 });
	await moves.keep(clusterWith(C), topology("0-8191"));
	vi.advanceTimersByTime(100);
	end("success");
	await moves.keep(clusterWith(C), topology("0-4095 5120-8191"));
	expect(asked.at(-1)).toBe(`CLUSTER MIGRATESLOTS SLOTSRANGE 5120 6143 NODE ${C}`);
});

test("an attempt whose slots should go elsewhere by now is canceled", async () => {
	const { asked, moves } = scene();
	await moves.keep(clusterWith(C), topology("0-8191"));
	asked.length = 0;
	expect(await moves.keep(clusterWith(B), topology("0-8191"))).toBe(true);
	expect(asked).toEqual(["CLUSTER CANCELSLOTMIGRATIONS ALL"]);
});

test("slots full of keys go in smaller parts, which the engine deletes in a few milliseconds", async () => {
	const part = async (keysPerSlot: number) => {
		const { asked, moves } = scene({ keysPerSlot });
		await moves.keep(clusterWith(C), topology("0-8191"));
		return asked.at(-1);
	};
	expect(await part(10)).toBe(`CLUSTER MIGRATESLOTS SLOTSRANGE 4096 5119 NODE ${C}`);
	expect(await part(2_500)).toBe(`CLUSTER MIGRATESLOTS SLOTSRANGE 4096 4103 NODE ${C}`);
	expect(await part(1_000_000)).toBe(`CLUSTER MIGRATESLOTS SLOTSRANGE 4096 4096 NODE ${C}`);
});
