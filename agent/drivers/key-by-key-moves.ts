import type { Assignment, SlotMove } from "../../server/contract/desired-state.ts";
import { commonSlots } from "../../server/contract/slots.ts";
import type { NodeAddress } from "./ask-node.ts";
import type { ClusterTopology, OpenSlot } from "./cluster-topology.ts";
import type { ClusterAssignment } from "./genesis-nodes.ts";
import { resolveAddress } from "./resolve-address.ts";
import type { RespValue } from "./resp-parser.ts";
import { type CourierEnd, SlotCourier } from "./slot-courier.ts";
import { slotsToGo } from "./slot-moves.ts";

/** Kept small: if a primary of Redis OSS dies, its successor doesn't know which slots were open. */
const SLOTS_AT_ONCE = 64;
const RETRY_MS = { first: 200, most: 3_000 };
const REPORTED_AFTER_FAILURES = 2;
/** How long a slot may be open here before the other end is asked whether it knows. */
const ASK_AFTER_MS = 2_000;
const ASK_EVERY_MS = 1_000;
const STALLED_AFTER_MS = 10_000;

interface Load {
	slots: number[];
	to: string;
}

/**
 * Hands slots to other shards' primaries key by key (SlotCourier). Each look compares what should go with what the engine
 * owns; a run in the background works on that until nothing is left. Slots that an earlier run left open are finished
 * first, wherever they should be by now: a slot with some keys at each end can't be turned back.
 */
export class KeyByKeyMoves {
	private readonly assignment: () => Pick<Assignment, "engine" | "auth">;
	private readonly command: (...args: string[]) => Promise<RespValue>;
	private readonly askNode: (node: NodeAddress, command: readonly string[]) => Promise<RespValue>;
	private cluster: ClusterAssignment | null = null;
	private left: readonly SlotMove[] = [];
	private open: readonly OpenSlot[] = [];
	private running = false;
	private stopped = false;
	private failures = 0;
	private tryAt = 0;
	private problem: string | null = null;
	/** Slots of other sources that arrive at the target, and since when they have been the same. */
	private others = { arriving: "", since: 0 };
	/** When slots were first seen open here as a target, and when their sources may be asked again. */
	private openInSince: number | null = null;
	private askAt = 0;

	constructor(options: {
		assignment: KeyByKeyMoves["assignment"];
		command: KeyByKeyMoves["command"];
		askNode: KeyByKeyMoves["askNode"];
	}) {
		this.assignment = options.assignment;
		this.command = options.command;
		this.askNode = options.askNode;
	}

	/**
	 * Moves that aren't finished, for the control plane, including slots whose keys are partly here and partly elsewhere,
	 * and a run that goes on although nothing should move any more.
	 */
	report({ self, open }: ClusterTopology): { id: string; problem: string | null }[] {
		const isOpen = self.isPrimary && open.out.length + open.in.length > 0;
		const problem = this.failures < REPORTED_AFTER_FAILURES ? null : this.problem;
		const ids = this.left.map(({ id }) => id);
		if (ids.length === 0 && (isOpen || this.running)) ids.push("open");
		return ids.map((id) => ({ id, problem }));
	}

	/** Starts a run if there is anything to move. Returns whether it did. */
	async keep(cluster: ClusterAssignment, topology: ClusterTopology): Promise<boolean> {
		const { self, open } = topology;
		this.cluster = cluster;
		// While slots arrive, only open ones may leave, as in an operation's rounds, and also after a cancellation.
		const mayGive = self.isPrimary && open.in.length === 0;
		this.left = mayGive ? slotsToGo(cluster.moves ?? [], topology) : [];
		this.open = self.isPrimary ? open.out.map((slot) => toPrimary(slot, topology)) : [];
		if (self.isPrimary) await this.adoptOrphans(topology);
		if (self.isPrimary) await this.remindSources(topology);
		if (this.running || this.stopped || performance.now() < this.tryAt) return false;
		const next = this.next();
		if (next === null) {
			this.failures = 0;
			return false;
		}
		if (this.open.length === 0 && (await this.mustWaitFor(next.to, topology))) return false;
		this.running = true;
		void this.run().finally(() => {
			this.running = false;
		});
		return true;
	}

	stop(): void {
		this.stopped = true;
	}

	/** A target takes in slots of one source at a time (slot-moves.ts), unless that one makes no progress. */
	private async mustWaitFor(nodeId: string, { self, nodes }: ClusterTopology): Promise<boolean> {
		const target = nodes.get(nodeId);
		const answer = target === undefined ? null : await this.askNode(target, ["CLUSTER", "NODES"]);
		const arriving = [...String(answer).matchAll(/\[\d+-<-(\w+)\]/g)]
			.filter(([, sourceId]) => sourceId !== self.nodeId)
			.map(([text]) => text)
			.join();
		const now = performance.now();
		if (this.others.arriving !== arriving) this.others = { arriving, since: now };
		return arriving !== "" && now - this.others.since < STALLED_AFTER_MS;
	}

	/** Slots done in this run still seem to be here until the next look. */
	private next(done: ReadonlySet<number> = new Set()): Load | null {
		const [first] = this.open.filter(({ slot }) => !done.has(slot));
		if (first !== undefined) {
			const same = this.open.filter((each) => each.nodeId === first.nodeId && !done.has(each.slot));
			return { slots: same.slice(0, SLOTS_AT_ONCE).map(({ slot }) => slot), to: first.nodeId };
		}
		for (const { slots, to } of this.left) {
			const load: number[] = [];
			for (const { first: low, last } of slots) {
				for (let slot = low; slot <= last && load.length < SLOTS_AT_ONCE; slot += 1) {
					if (!done.has(slot)) load.push(slot);
				}
			}
			if (load.length > 0) return { slots: load, to };
		}
		return null;
	}

	private async run(): Promise<void> {
		const done = new Set<number>();
		let courier: SlotCourier | null = null;
		try {
			for (let load = this.next(done); load !== null; load = this.next(done)) {
				if (this.stopped) return;
				// Another target may be busy with another source.
				if (courier !== null && courier.toNodeId !== load.to) return;
				courier ??= await this.courierTo(load.to);
				for (const slot of load.slots) done.add(slot);
				const following = this.next(done);
				await courier.carry(load.slots, following?.to === load.to ? following.slots : []);
				this.failures = 0;
				this.problem = null;
			}
		} catch (error) {
			const waitMs = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** this.failures);
			this.failures += 1;
			this.problem = (error instanceof Error ? error.message : String(error)).slice(0, 500);
			this.tryAt = performance.now() + waitMs;
		} finally {
			courier?.close();
		}
	}

	private async courierTo(nodeId: string): Promise<SlotCourier> {
		const { cluster } = this;
		const [from, to] = await Promise.all([this.endOf(cluster?.nodeId ?? ""), this.endOf(nodeId)]);
		return await SlotCourier.open(from, to, this.assignment());
	}

	private async endOf(nodeId: string): Promise<CourierEnd> {
		const members = this.cluster?.shards.flatMap((shard) => shard.members) ?? [];
		const member = members.find((each) => each.nodeId === nodeId);
		if (member === undefined)
			throw new Error("the node that should get the slots isn't in the cluster");
		return { nodeId, host: await resolveAddress(member.host), port: member.port };
	}

	/**
	 * When a primary of Redis OSS that is handing slots over becomes a replica, the target takes the slots from it, but doesn't
	 * give them to its successor, because they are open. It then refuses their keys: it must be told who has them.
	 */
	private async adoptOrphans(topology: ClusterTopology): Promise<void> {
		const { nodes, open } = topology;
		const owned = [...nodes.values()].flatMap(({ slots }) => slots);
		for (const { slot, nodeId } of open.in.map((each) => toPrimary(each, topology))) {
			if (!nodes.has(nodeId) || commonSlots([{ first: slot, last: slot }], owned).length > 0)
				continue;
			await this.command("CLUSTER", "SETSLOT", String(slot), "NODE", nodeId);
		}
	}

	/**
	 * A slot that is open here, but not at its owner, has keys that clients can't find: when a replica of Redis OSS takes
	 * over, it doesn't know which slots its primary was handing over.
	 */
	private async remindSources({ self, nodes, open }: ClusterTopology): Promise<void> {
		const now = performance.now();
		if (open.in.length === 0) this.openInSince = null;
		else this.openInSince ??= now;
		if (this.openInSince === null || now < this.askAt) return;
		const owned = [...nodes.values()].map((owner) => ({
			owner,
			slots: open.in.filter(({ slot }) =>
				owner.slots.some(({ first, last }) => first <= slot && slot <= last),
			),
		}));
		for (const { owner, slots } of owned) {
			if (owner === self || slots.length === 0) continue;
			const isNew = slots.some(({ nodeId }) => nodeId !== owner.nodeId);
			if (!isNew && now - this.openInSince < ASK_AFTER_MS) continue;
			this.askAt = now + ASK_EVERY_MS;
			// The owner is busy handing slots over, so the agent asks once for all slots and tells it only what it doesn't know.
			const answer = await this.askNode(owner, ["CLUSTER", "NODES"]);
			if (typeof answer !== "string") continue;
			const unknown = slots.filter(({ slot }) => !answer.includes(`[${slot}->-${self.nodeId}]`));
			for (const { slot } of unknown) {
				await this.askNode(owner, ["CLUSTER", "SETSLOT", String(slot), "MIGRATING", self.nodeId]);
			}
		}
	}
}

/** The target may have failed over: its successor has the keys. */
function toPrimary({ slot, nodeId }: OpenSlot, { nodes }: ClusterTopology): OpenSlot {
	const node = nodes.get(nodeId);
	return { slot, nodeId: node?.isPrimary === false ? (node.primaryId ?? nodeId) : nodeId };
}
