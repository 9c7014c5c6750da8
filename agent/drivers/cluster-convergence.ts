import { CLUSTER_BUS_OFFSET } from "../../server/contract/limits.ts";
import { type NodeAddress, saysPrimary } from "./ask-node.ts";
import { type ClusterTopology, isPhantom, type KnownNode } from "./cluster-topology.ts";
import type { Convergence } from "./driver.ts";
import { EngineCommandError } from "./engine-connection.ts";
import { type ClusterAssignment, shardOf } from "./genesis-nodes.ts";
import { resolveAddress } from "./resolve-address.ts";
import type { RespValue } from "./resp-parser.ts";

const RETRY_MS = 1_000;
const ASK_MS = 20;
const REVEALED_AT_ONCE = 8;
/** How long a primary-to-be waits for all members to be there, and for an engine that calls its cluster ok. */
const GREETING_PATIENCE_MS = 700;
const OK_PATIENCE_MS = 3_000;
/** Far longer than the word of a new member takes to all hosts. */
const OUTSIDER_PATIENCE_MS = 30_000;

type Member = ClusterAssignment["shards"][number]["members"][number];

const WAITING: Convergence = { converged: false, acted: false };
const ACTED: Convergence = { converged: false, acted: true };
const CONVERGED: Convergence = { converged: true, acted: false };

/**
 * Leads one engine to its place in its cluster. In this order, since each needs the one before: its role; members whom
 * it doesn't know, or knows elsewhere; phantoms, former members and lasting outsiders, once they own nothing in its own
 * eyes (earlier, and slots would be nobody's, which the engine answers with 2 s of silence).
 */
export class ClusterConvergence {
	private readonly command: (...args: string[]) => Promise<RespValue>;
	/** Asks another node of the same cache; null when it doesn't answer or is none. */
	private readonly askNode: (node: NodeAddress, command: readonly string[]) => Promise<RespValue>;
	private readonly triedAt = new Map<string, number>();
	/** Since when nodes have been known that nobody speaks of. */
	private readonly outsideSince = new Map<string, number>();
	private readonly since = performance.now();

	constructor(options: {
		command: ClusterConvergence["command"];
		askNode: ClusterConvergence["askNode"];
	}) {
		this.command = options.command;
		this.askNode = options.askNode;
	}

	async converge(cluster: ClusterAssignment, topology: ClusterTopology): Promise<Convergence> {
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
	 * Nobody is made to lead here who follows another member: that is for failover orders and the cluster's own vote. Only
	 * slots that belong to no member are taken, without asking for votes: nobody else was ever to have them.
	 */
	private async lead(cluster: ClusterAssignment, topology: ClusterTopology): Promise<Convergence> {
		const { self, nodes } = topology;
		if (self.isPrimary) {
			const { slots } = shardOf(cluster);
			if (self.slots.length > 0 || slots.length === 0) return CONVERGED;
			return await this.claim(cluster, topology);
		}
		const primary = self.primaryId === null ? undefined : nodes.get(self.primaryId);
		if (primary === undefined || !isPhantom(primary)) return WAITING;
		if (!this.mayTakeOver(cluster, topology)) return WAITING;
		return await this.attempt("FAILOVER", "TAKEOVER");
	}

	/**
	 * A newcomer that is to lead a shard whose nodes are all lost, with their data: it takes the slots, in a new epoch,
	 * which has the other shards take them from the owner that is gone. Not while another node of the shard may own them,
	 * of which this one hears when they first talk.
	 */
	private async claim(cluster: ClusterAssignment, topology: ClusterTopology): Promise<Convergence> {
		const { members, slots } = shardOf(cluster);
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
		const ranges = slots.flatMap(({ first, last }) => [String(first), String(last)]);
		await this.command("CLUSTER", "ADDSLOTSRANGE", ...ranges);
		return ACTED;
	}

	/**
	 * Taken over while it is ok, the cluster stays ok. And all members are to have heard of this node as a replica: a
	 * greeting that overtakes the news of the takeover would make them take the slots away from it again.
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
		// It owns slots, whatever was wanted: the engine says so, and the control plane will hear it.
		if (self.isPrimary && self.slots.length > 0) return WAITING;
		if (nodes.get(leader.nodeId)?.isPrimary !== true) return WAITING;
		// The cluster's own choice, of which the control plane will hear: one with slots isn't left for one without.
		const current = self.primaryId === null ? undefined : nodes.get(self.primaryId);
		const leaderOwns = (nodes.get(leader.nodeId)?.slots.length ?? 0) > 0;
		if (current !== undefined && !isPhantom(current) && current.slots.length > 0 && !leaderOwns) {
			return WAITING;
		}
		// Asked itself: one that doesn't lead yet would refuse the replica, which then waits for a second.
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
			// Another cache's node may have that address by now; only this cache's let its system user in.
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
		const strangers = this.strangers(cluster, topology).filter((node) => !node.isHandshake);
		if (strangers.length === 0) return CONVERGED;
		const idle = strangers.filter(
			({ nodeId, slots }) => slots.length === 0 && nodeId !== topology.self.primaryId,
		);
		const results = await Promise.all(idle.map(({ nodeId }) => this.attempt("FORGET", nodeId)));
		return results.some(({ acted }) => acted) ? ACTED : WAITING;
	}

	/**
	 * Nodes that this engine knows and that are no members: phantoms, members of former times, and those of which nobody
	 * speaks. The last are new members of whom this host hasn't heard yet, unless they stay: then a control plane that was
	 * restored from a backup doesn't know them.
	 */
	private strangers(
		{ shards, former }: ClusterAssignment,
		{ nodes }: ClusterTopology,
	): KnownNode[] {
		const gone = new Set(former);
		const members = new Set(shards.flatMap((shard) => shard.members.map(({ nodeId }) => nodeId)));
		const now = performance.now();
		for (const nodeId of this.outsideSince.keys()) {
			if (members.has(nodeId) || !nodes.has(nodeId)) this.outsideSince.delete(nodeId);
		}
		return [...nodes.values()].filter((node) => {
			const { nodeId } = node;
			if (isPhantom(node) || gone.has(nodeId)) return true;
			if (members.has(nodeId)) return false;
			const since = this.outsideSince.get(nodeId) ?? now;
			this.outsideSince.set(nodeId, since);
			return now - since > OUTSIDER_PATIENCE_MS;
		});
	}

	/**
	 * Has this engine show a replica to its clients that it knows but hides: it believes that the replica has synced
	 * nothing yet, as it may have been when they last talked, and they talk about once a second (Redis), or, among many
	 * nodes, each ten. An introduction makes them talk now. Answers whether it did.
	 */
	private async reveal(cluster: ClusterAssignment, topology: ClusterTopology): Promise<boolean> {
		const shown = new Set(topology.shards.flatMap(({ replicas }) => replicas));
		const hidden = cluster.shards
			.flatMap(({ members }) => members)
			.filter(({ nodeId }) => {
				const node = topology.nodes.get(nodeId);
				return nodeId !== cluster.nodeId && node?.isPrimary === false && !shown.has(nodeId);
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

	/** A change of the cluster. The engine may refuse what it will allow later: no votes, or a rumour from another node. */
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

function isKnownAt(node: KnownNode | undefined, host: string, port: number): boolean {
	return (
		node !== undefined &&
		node.host === host &&
		node.port === port &&
		node.busPort === port + CLUSTER_BUS_OFFSET
	);
}
