import { CLUSTER_BUS_OFFSET } from "../../server/contract/limits.ts";
import { type SlotRange, withoutSlots } from "../../server/contract/slots.ts";
import { type NodeAddress, saysPrimary } from "./ask-node.ts";
import { ClusterOutsiders } from "./cluster-outsiders.ts";
import { type ClusterTopology, isPhantom, type KnownNode } from "./cluster-topology.ts";
import type { Convergence } from "./driver.ts";
import { EngineCommandError } from "./engine-connection.ts";
import { type ClusterAssignment, shardOf } from "./genesis-nodes.ts";
import { resolveAddress } from "./resolve-address.ts";
import type { RespValue } from "./resp-parser.ts";

const RETRY_MS = 1_000;
const ASK_MS = 20;
const TAKE_BACK_MS = 100;
const REVEALED_AT_ONCE = 8;
/** How long a future primary waits for all members to be there, and for its engine to call the cluster ok. */
const GREETING_PATIENCE_MS = 700;
const OK_PATIENCE_MS = 3_000;

type Member = ClusterAssignment["shards"][number]["members"][number];

const WAITING: Convergence = { converged: false, acted: false };
const ACTED: Convergence = { converged: false, acted: true };
const CONVERGED: Convergence = { converged: true, acted: false };

/**
 * Brings one engine to its place in its cluster. The order matters, because each step needs the one before. The
 * engine takes back slots that an outsider took; takes its role; meets members that it doesn't know, or knows at
 * another address; then forgets phantoms, former members and lasting outsiders, once they own nothing in its own
 * view (any earlier, their slots would have no owner, and the engine reacts to that with 2 s of silence).
 */
export class ClusterConvergence {
	private readonly command: (...args: string[]) => Promise<RespValue>;
	/** Asks another node of the same cache; null if it doesn't answer or isn't one. */
	private readonly askNode: (node: NodeAddress, command: readonly string[]) => Promise<RespValue>;
	private readonly inTouch: () => boolean;
	private readonly triedAt = new Map<string, number>();
	private readonly outsiders = new ClusterOutsiders();
	private readonly since = performance.now();

	constructor(options: {
		command: ClusterConvergence["command"];
		askNode: ClusterConvergence["askNode"];
		/** Whether the assignment is what the control plane wants now. */
		inTouch: () => boolean;
	}) {
		this.command = options.command;
		this.askNode = options.askNode;
		this.inTouch = options.inTouch;
	}

	async converge(cluster: ClusterAssignment, topology: ClusterTopology): Promise<Convergence> {
		this.outsiders.note(cluster, topology);
		if (await this.takeBack(cluster, topology)) return ACTED;
		const shard = shardOf(cluster);
		const leader = shard.members.find(({ nodeId }) => nodeId === shard.primary);
		const role =
			shard.primary === cluster.nodeId || leader === undefined
				? await this.lead(cluster, topology)
				: await this.follow(leader, topology);
		if (role.acted) return role;
		const joined = await this.join(cluster, topology);
		if (joined.acted) return joined;
		const forgotten = await this.forgetStrangers(cluster, topology);
		if (forgotten.acted) return forgotten;
		if (await this.reveal(cluster, topology)) return ACTED;
		return role.converged && joined.converged && forgotten.converged ? CONVERGED : WAITING;
	}

	/**
	 * Takes back what an outsider took from this engine, in a newer epoch, so that all members answer correctly
	 * again. The keys of such slots are gone: the engine deletes them when it hears of the new owner. An agent that
	 * has just started, or can't reach the control plane, may not know a rightful successor, so it does nothing:
	 * otherwise the successor's acknowledged writes would be lost. Returns whether it acted.
	 */
	private async takeBack(cluster: ClusterAssignment, topology: ClusterTopology): Promise<boolean> {
		if (!this.inTouch()) return false;
		const thieves = this.outsiders.thieves(cluster, topology);
		if (thieves.length === 0 || !this.mayTry("take back", TAKE_BACK_MS)) return false;
		const { self } = topology;
		if (!self.isPrimary) {
			// The engine lost all of its slots and follows the node that took them.
			if (!thieves.some(({ nodeId }) => nodeId === self.primaryId)) return false;
			return (await this.attempt("FAILOVER", "TAKEOVER")).acted;
		}
		// In one transaction: slots without an owner, even for a moment, cost 2 s of silence.
		const ranges = thieves.flatMap(({ slots }) => slots);
		await Promise.all([
			this.command("MULTI"),
			this.command("CLUSTER", "BUMPEPOCH"),
			...thieves.map(({ nodeId }) => this.command("CLUSTER", "FORGET", nodeId)),
			this.command("CLUSTER", "ADDSLOTSRANGE", ...rangeWords(ranges)),
			this.command("EXEC"),
		]);
		return true;
	}

	/**
	 * Never promotes a node that follows another member: that is for failover orders and the cluster's own
	 * vote. It takes only slots that belong to no member, without asking for votes: no other node was meant to
	 * have them.
	 */
	private async lead(cluster: ClusterAssignment, topology: ClusterTopology): Promise<Convergence> {
		const { self, nodes } = topology;
		if (self.isPrimary) {
			// What another member owns has moved there, and this node just hasn't been told.
			const taken = [...nodes.values()].filter((node) => node !== self && !isPhantom(node));
			const free = withoutSlots(
				shardOf(cluster).slots,
				taken.flatMap(({ slots }) => slots),
			);
			if (self.slots.length > 0 || free.length === 0) return CONVERGED;
			return await this.claim(cluster, topology, free);
		}
		const primary = self.primaryId === null ? undefined : nodes.get(self.primaryId);
		if (primary === undefined || !isPhantom(primary)) return WAITING;
		if (!this.mayTakeOver(cluster, topology)) return WAITING;
		return await this.attempt("FAILOVER", "TAKEOVER");
	}

	/**
	 * For a newcomer that should lead a shard whose nodes, and their data, are all lost: it takes the slots in
	 * a new epoch, which makes the other shards take them from the former owner. It doesn't while another node
	 * of the shard may own them, which this one learns when they first talk.
	 */
	private async claim(
		cluster: ClusterAssignment,
		topology: ClusterTopology,
		slots: readonly SlotRange[],
	): Promise<Convergence> {
		const { members } = shardOf(cluster);
		const siblings = members.filter(({ nodeId }) => nodeId !== cluster.nodeId);
		const lost = siblings.every(({ nodeId }) => {
			const node = topology.nodes.get(nodeId);
			if (node === undefined) return performance.now() - this.since > OK_PATIENCE_MS;
			return (node.hasAnswered || node.hasFailed) && node.slots.length === 0;
		});
		const acquainted = [...topology.nodes.values()].some(
			(node) => node !== topology.self && node.hasAnswered && !node.isHandshake,
		);
		if (!lost || !acquainted || !this.mayTry("claim")) return WAITING;
		await this.command("CLUSTER", "BUMPEPOCH");
		await this.command("CLUSTER", "ADDSLOTSRANGE", ...rangeWords(slots));
		return ACTED;
	}

	/**
	 * If the takeover happens while the cluster is ok, the cluster stays ok. All members should also have heard
	 * of this node as a replica first: if a greeting overtook the news of the takeover, they would take the
	 * slots away from it again.
	 */
	private mayTakeOver(cluster: ClusterAssignment, topology: ClusterTopology): boolean {
		const waitedMs = performance.now() - this.since;
		if (!topology.stateOk) return waitedMs > OK_PATIENCE_MS;
		const members = cluster.shards.flatMap((shard) => shard.members);
		const acquainted = members.every(
			({ nodeId }) => nodeId === cluster.nodeId || topology.nodes.get(nodeId)?.hasAnswered === true,
		);
		return acquainted || waitedMs > GREETING_PATIENCE_MS;
	}

	private async follow(leader: Member, { self, nodes }: ClusterTopology): Promise<Convergence> {
		if (!self.isPrimary && self.primaryId === leader.nodeId) return CONVERGED;
		// It owns slots although it should be a replica: the control plane will learn this from the agent's report.
		if (self.isPrimary && self.slots.length > 0) return WAITING;
		if (nodes.get(leader.nodeId)?.isPrimary !== true) return WAITING;
		// The cluster chose this primary, and the control plane will learn this from the report: don't leave a
		// primary with slots for one without.
		const current = self.primaryId === null ? undefined : nodes.get(self.primaryId);
		const leaderOwns = (nodes.get(leader.nodeId)?.slots.length ?? 0) > 0;
		if (current !== undefined && !isPhantom(current) && current.slots.length > 0 && !leaderOwns) {
			return WAITING;
		}
		// Ask the leader itself: one that isn't primary yet would refuse the replica, which then waits for a
		// second.
		if (!saysPrimary(await this.askNode(leader, ["ROLE"]))) return WAITING;
		return await this.attempt("REPLICATE", leader.nodeId);
	}

	private async join(cluster: ClusterAssignment, topology: ClusterTopology): Promise<Convergence> {
		let result = CONVERGED;
		for (const member of cluster.shards.flatMap(({ members }) => members)) {
			if (member.nodeId === cluster.nodeId) continue;
			const host = await resolveAddress(member.host);
			if (isKnownAt(topology.nodes.get(member.nodeId), host, member.port)) continue;
			if (result.converged) result = WAITING;
			if (!this.mayTry(`MEET ${member.nodeId}`)) continue;
			// Another cache's node may have that address by now; only this cache's nodes accept its system user.
			if ((await this.askNode(member, ["CLUSTER", "MYID"])) !== member.nodeId) continue;
			await this.meet(member);
			result = ACTED;
		}
		return result;
	}

	private async forgetStrangers(
		cluster: ClusterAssignment,
		topology: ClusterTopology,
	): Promise<Convergence> {
		const strangers = this.outsiders
			.toForget(cluster, topology)
			.filter((node) => !node.isHandshake);
		if (strangers.length === 0) return CONVERGED;
		const idle = strangers.filter(
			({ nodeId, slots }) => slots.length === 0 && nodeId !== topology.self.primaryId,
		);
		const results = await Promise.all(idle.map(({ nodeId }) => this.attempt("FORGET", nodeId)));
		return results.some(({ acted }) => acted) ? ACTED : WAITING;
	}

	/**
	 * Makes this engine show its clients a replica that it knows but hides: the engine believes that the
	 * replica has synced nothing yet, which may have been true when the two last talked. They talk about once a
	 * second (Redis), or, among many nodes, every ten seconds. An introduction makes them talk now. Returns
	 * whether it acted.
	 */
	private async reveal(cluster: ClusterAssignment, topology: ClusterTopology): Promise<boolean> {
		const shown = new Set(topology.shards.flatMap(({ replicas }) => replicas));
		const hidden = cluster.shards
			.flatMap(({ members }) => members)
			.filter(({ nodeId }) => {
				const node = topology.nodes.get(nodeId);
				// An engine shows no replicas of a primary that serves no slots.
				const leader = topology.nodes.get(node?.primaryId ?? "");
				const isHidden = node?.isPrimary === false && !shown.has(nodeId);
				return nodeId !== cluster.nodeId && isHidden && leader?.slots.length !== 0;
			})
			.filter(({ nodeId }) => this.mayTry(`ask ${nodeId}`, ASK_MS))
			.slice(0, REVEALED_AT_ONCE);
		const acted = await Promise.all(
			hidden.map(async (member) => {
				const answer = await this.askNode(member, ["ROLE"]);
				if (!Array.isArray(answer) || answer[3] !== "connected") return false;
				if (!this.mayTry(`reveal ${member.nodeId}`)) return false;
				await this.meet(member);
				return true;
			}),
		);
		return acted.includes(true);
	}

	private async meet({ host, port }: Member): Promise<void> {
		const address = await resolveAddress(host);
		await this.command("CLUSTER", "MEET", address, String(port), String(port + CLUSTER_BUS_OFFSET));
	}

	/**
	 * Changes the cluster. The engine may refuse now what it will allow later, for lack of votes or because of a
	 * rumor from another node.
	 */
	private async attempt(...args: readonly string[]): Promise<Convergence> {
		const name = args.join(" ");
		if (!this.mayTry(name)) return WAITING;
		try {
			await this.command("CLUSTER", ...args);
			return ACTED;
		} catch (error) {
			if (error instanceof EngineCommandError) return WAITING;
			throw error;
		}
	}

	private mayTry(name: string, retryMs = RETRY_MS): boolean {
		const now = performance.now();
		if (now - (this.triedAt.get(name) ?? Number.NEGATIVE_INFINITY) < retryMs) return false;
		this.triedAt.set(name, now);
		return true;
	}
}

function rangeWords(slots: readonly SlotRange[]): string[] {
	return slots.flatMap(({ first, last }) => [String(first), String(last)]);
}

function isKnownAt(node: KnownNode | undefined, host: string, port: number): boolean {
	return (
		node !== undefined &&
		node.host === host &&
		node.port === port &&
		node.busPort === port + CLUSTER_BUS_OFFSET
	);
}
