import type { Assignment, SlotMove } from "../../server/contract/desired-state.ts";
import {
	commonSlots,
	countSlots,
	parseSlots,
	type SlotRange,
	takeSlots,
	withoutSlots,
} from "../../server/contract/slots.ts";
import type { NodeAddress } from "./ask-node.ts";
import { ClientTraffic } from "./client-traffic.ts";
import type { ClusterTopology } from "./cluster-topology.ts";
import { EngineCommandError } from "./engine-connection.ts";
import type { ClusterAssignment } from "./genesis-nodes.ts";
import { replicationLogin, slotLogin } from "./replication-login.ts";
import type { RespValue } from "./resp-parser.ts";

/** How many slots go at a time at most, unless attempts fail. The engine forks for each attempt. */
const SLOTS_AT_ONCE = 1_024;
/**
 * Fewer slots go if they have more keys than this. At the end of an attempt, the engine deletes its keys one after the
 * other, about one a microsecond, and serves no client meanwhile. That is about as long as a fork takes.
 */
const KEYS_AT_ONCE = 20_000;
/**
 * After an attempt, the engine rests for so many times as long as it took. Few requests meet the fork and the deletion
 * then, and other processes get the processor.
 */
const REST_SHARE = 2;
const RETRY_MS = { first: 200, most: 3_000 };
/** A first failure is normal: the other node may just have failed over. */
const REPORTED_AFTER_FAILURES = 2;
const EXHAUSTED_AFTER_FAILURES = 12;
/**
 * The engine hands over once it has fewer bytes than this left to send, and holds writes up while it sends them. By default
 * it waits for 0, which a shard with many writes never reaches.
 */
const HAND_OVER_BYTES = 1_048_576;

/**
 * A target takes in slots of one source at a time: each keeps its processor busy, and more at once hold up its clients
 * without being faster. An attempt that never ends must not hold up all others.
 */
const TURN_WITHIN_MS = 10_000;

interface Migration {
	operation: string;
	name: string;
	target: string;
	slots: SlotRange[];
	state: string;
	message: string;
}

const ENDED = new Set(["success", "failed", "cancelled", "canceled"]);

/**
 * Hands slots with their keys to other shards' primaries, with the engine's own migration (CLUSTER MIGRATESLOTS): all
 * slots of an attempt change owner at the same moment, or none do. Each look compares what the assignment wants gone
 * with what the engine owns, so it doesn't matter who began an attempt, or what became of it.
 */
export class SlotMoves {
	private readonly command: (...args: string[]) => Promise<RespValue>;
	private readonly auth: () => Assignment["auth"];
	private readonly askNode: (node: NodeAddress, command: readonly string[]) => Promise<RespValue>;
	/** Since when the target has been busy with another source. */
	private waitingSince: number | null = null;
	/** Not known before the first look: an earlier process of the agent may have begun. */
	private prepared: boolean | null = null;
	/** The engine is handing slots over, whether it should or not. */
	private isActive = false;
	/** Names of the attempts before the current one; null if none of this agent's is under way. */
	private before: ReadonlySet<string> | null = null;
	private beganAt = 0;
	private atOnce = SLOTS_AT_ONCE;
	private failures = 0;
	private tryAt = 0;
	private problem: string | null = null;
	private left: readonly SlotMove[] = [];
	private readonly traffic = new ClientTraffic();

	constructor(options: {
		command: SlotMoves["command"];
		auth: () => Assignment["auth"];
		askNode: SlotMoves["askNode"];
	}) {
		this.command = options.command;
		this.auth = options.auth;
		this.askNode = options.askNode;
	}

	/** Even single slots fail: the keys must go one by one. */
	get isExhausted(): boolean {
		return this.failures >= EXHAUSTED_AFTER_FAILURES;
	}

	/** Moves that aren't finished, for the control plane. */
	report(): { id: string; problem: string | null }[] {
		const problem = this.failures < REPORTED_AFTER_FAILURES ? null : this.problem;
		const ids = this.left.map(({ id }) => id);
		if (ids.length === 0 && this.isActive) ids.push("active");
		return ids.map((id) => ({ id, problem }));
	}

	/** One step. Returns whether it changed something. */
	async keep(cluster: ClusterAssignment, topology: ClusterTopology): Promise<boolean> {
		this.left = topology.self.isPrimary ? slotsToGo(cluster.moves ?? [], topology) : [];
		const mayBeActive = this.prepared ?? topology.self.isPrimary;
		if (this.left.length === 0 && !mayBeActive) return false;
		const exports = readMigrations(await this.command("CLUSTER", "GETSLOTMIGRATIONS")).filter(
			({ operation }) => operation === "EXPORT",
		);
		const active = exports.find(isUnderWay);
		this.isActive = active !== undefined;
		if (active !== undefined) return await this.tend(active, cluster.moves ?? []);
		await this.noteEnd(exports);
		const [next] = this.left;
		if (next === undefined) return await this.finish();
		if (performance.now() < this.tryAt) return false;
		const target = topology.nodes.get(next.to);
		if (target === undefined || !target.isPrimary || target.hasFailed) {
			this.fail("the node that should get the slots isn't a primary now");
			return false;
		}
		if (await this.mustWaitFor(target)) return false;
		return await this.begin(next, exports);
	}

	private async mustWaitFor(target: NodeAddress): Promise<boolean> {
		const migrations = readMigrations(await this.askNode(target, ["CLUSTER", "GETSLOTMIGRATIONS"]));
		const isBusy = migrations.some(
			(migration) => migration.operation === "IMPORT" && isUnderWay(migration),
		);
		const now = performance.now();
		this.waitingSince = isBusy ? (this.waitingSince ?? now) : null;
		if (this.waitingSince === null || now - this.waitingSince > TURN_WITHIN_MS) {
			this.waitingSince = null;
			return false;
		}
		return true;
	}

	/** An attempt under way is left alone, unless its slots should go elsewhere by now. */
	private async tend(active: Migration, moves: readonly SlotMove[]): Promise<boolean> {
		const wanted = moves.filter(({ to }) => to === active.target).flatMap(({ slots }) => slots);
		if (withoutSlots(active.slots, wanted).length === 0) return false;
		await this.command("CLUSTER", "CANCELSLOTMIGRATIONS", "ALL");
		return true;
	}

	private async begin(move: SlotMove, exports: readonly Migration[]): Promise<boolean> {
		const slots = await this.firstPart(move.slots);
		try {
			await this.prepare();
			this.traffic.look(String(await this.command("INFO", "stats")));
			this.before = new Set(exports.map(({ name }) => name));
			this.beganAt = performance.now();
			const ranges = slots.flatMap(({ first, last }) => [String(first), String(last)]);
			await this.command("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", ...ranges, "NODE", move.to);
			return true;
		} catch (error) {
			if (!(error instanceof EngineCommandError)) throw error;
			this.before = null;
			this.fail(error.message);
			return false;
		}
	}

	/** As many of these slots as may go at a time. */
	private async firstPart(slots: readonly SlotRange[]): Promise<SlotRange[]> {
		const most = takeSlots([...slots], this.atOnce);
		const counts = await Promise.all(
			most
				.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, k) => first + k))
				.map((slot) => this.command("CLUSTER", "COUNTKEYSINSLOT", String(slot))),
		);
		let sum = 0;
		const few = counts.findIndex((count) => {
			sum += Number(count);
			return sum > KEYS_AT_ONCE;
		});
		return few === -1 ? most : takeSlots(most, Math.max(1, few));
	}

	/** Learns from the end of the attempt that this agent began: fewer slots at a time after a failure. */
	private async noteEnd(exports: readonly Migration[]): Promise<void> {
		const { before } = this;
		const ended = before === null ? undefined : exports.find(({ name }) => !before.has(name));
		if (ended === undefined) return;
		this.before = null;
		if (ended.state === "success") {
			this.atOnce = Math.min(SLOTS_AT_ONCE, this.atOnce * 2);
			this.failures = 0;
			this.problem = null;
			const now = performance.now();
			this.traffic.look(String(await this.command("INFO", "stats")));
			const share = this.traffic.isQuiet ? 0 : REST_SHARE;
			this.tryAt = now + (now - this.beganAt) * share;
			return;
		}
		this.atOnce = Math.max(1, Math.min(this.atOnce, countSlots(ended.slots)) >> 1);
		this.fail(ended.message);
	}

	private fail(problem: string): void {
		const waitMs = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** this.failures);
		this.failures += 1;
		this.problem = problem.slice(0, 500);
		this.tryAt = performance.now() + waitMs;
	}

	/**
	 * A primary logs in to the node that gets its slots as it would to a primary of its own. Only while it has slots to
	 * hand over does it log in as a user that may write there. The agent sets that user before each attempt, because each
	 * change of the assignment brings back the replicas' user.
	 */
	private async prepare(): Promise<void> {
		await this.logInAs(slotLogin(this.auth()), HAND_OVER_BYTES);
		this.prepared = true;
	}

	private async finish(): Promise<boolean> {
		if (this.prepared === null) {
			this.prepared = false;
			return false;
		}
		await this.logInAs(replicationLogin(this.auth()), 0);
		this.prepared = false;
		this.failures = 0;
		this.problem = null;
		this.atOnce = SLOTS_AT_ONCE;
		return true;
	}

	private async logInAs(
		{ username, password }: { username: string; password: string },
		handOverBytes: number,
	): Promise<void> {
		await this.command(
			...["CONFIG", "SET", "masteruser", username, "masterauth", password],
			...["slot-migration-max-failover-repl-bytes", String(handOverBytes)],
		);
	}
}

/** What the engine still owns of the slots that should go. */
export function slotsToGo(moves: readonly SlotMove[], { self }: ClusterTopology): SlotMove[] {
	return moves
		.map((move) => ({ ...move, slots: commonSlots(move.slots, self.slots) }))
		.filter(({ slots, to }) => slots.length > 0 && to !== self.nodeId);
}

export function isUnderWay({ state }: Pick<Migration, "state">): boolean {
	return !ENDED.has(state);
}

/** Entries are lists of names and values. */
export function readMigrations(answer: RespValue): Migration[] {
	if (!Array.isArray(answer)) return [];
	return answer.flatMap((entry) => {
		if (!Array.isArray(entry)) return [];
		const fields = new Map<string, string>();
		for (let k = 0; k + 1 < entry.length; k += 2)
			fields.set(String(entry[k]), String(entry[k + 1]));
		const get = (name: string) => fields.get(name) ?? "";
		const slots = parseSlots(get("slot_ranges").trim().split(/\s+/).join(",")) ?? [];
		return [
			{
				operation: get("operation"),
				name: get("name"),
				target: get("target_node"),
				slots,
				state: get("state"),
				message: get("message"),
			},
		];
	});
}
