import type { Assignment } from "../../server/contract/agent.ts";
import { type NodeAddress, saysPrimary } from "./ask-node.ts";
import type { Convergence, EngineState } from "./driver.ts";
import type { RespValue } from "./resp-parser.ts";

export type { NodeAddress } from "./ask-node.ts";

const WAITING: Convergence = { converged: false, acted: false };
const ACTED: Convergence = { converged: false, acted: true };
const CONVERGED: Convergence = { converged: true, acted: false };

/**
 * Leads one engine to its role where cluster mode is disabled. It makes no primary of a replica: that is for failover
 * orders and Sentinels, who know what the others hold. And it lets nothing follow a node that doesn't lead itself.
 */
export class ReplicationConvergence {
	private readonly command: (...args: string[]) => Promise<RespValue>;
	/** Asks another node of the same cache; null when it doesn't answer or is none. */
	private readonly askNode: (node: NodeAddress, command: readonly string[]) => Promise<RespValue>;
	private readonly inTouch: () => boolean;
	private readonly turnedLately: () => boolean;

	constructor(options: {
		command: ReplicationConvergence["command"];
		askNode: ReplicationConvergence["askNode"];
		/** Whether what is wanted is what the control plane wants today. */
		inTouch: () => boolean;
		/** Whether the engine was made to lead, or to follow another, so lately that the control plane may not know it yet. */
		turnedLately: () => boolean;
	}) {
		this.command = options.command;
		this.askNode = options.askNode;
		this.inTouch = options.inTouch;
		this.turnedLately = options.turnedLately;
	}

	async converge({ role }: Assignment, state: EngineState): Promise<Convergence> {
		const isPrimary = state.role === "primary";
		if (role.kind !== "replica") return isPrimary ? CONVERGED : WAITING;
		const { host, port } = role.of;
		if (!isPrimary && state.primaryHost === host && state.primaryPort === port) return CONVERGED;
		// What it has now, a Sentinel may have given it while the control plane was away.
		if ((isPrimary || state.linkUp) && !this.inTouch()) return WAITING;
		if (this.turnedLately() && (isPrimary || (await this.followsLeader(state)))) return WAITING;
		// Asked itself, every few milliseconds: an engine that is pointed at one which doesn't accept yet tries again only a
		// second later. It also proves that the address is of the same cache, whose nodes alone know its system user.
		if (!saysPrimary(await this.askNode(role.of, ["ROLE"]))) return WAITING;
		await this.command("REPLICAOF", host, String(port));
		// Clients behind an endpoint would write to a replica until they connect again, to the new primary.
		if (isPrimary) await this.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
		return ACTED;
	}

	/**
	 * By a Sentinel or an order it follows another than is wanted. The former primary may have come back as if nothing had
	 * been: it would have the replica acknowledge writes that are lost once the control plane knows better.
	 */
	private async followsLeader({ primaryHost: host, primaryPort: port }: EngineState) {
		if (host === null || port === null) return false;
		return saysPrimary(await this.askNode({ host, port }, ["ROLE"]));
	}
}
