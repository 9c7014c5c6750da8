import type { Assignment } from "../../server/contract/desired-state.ts";
import { type NodeAddress, saysPrimary } from "./ask-node.ts";
import type { Convergence, EngineState } from "./driver.ts";
import type { RespValue } from "./resp-parser.ts";

export type { NodeAddress } from "./ask-node.ts";

const WAITING: Convergence = { converged: false, acted: false };
const ACTED: Convergence = { converged: false, acted: true };
const CONVERGED: Convergence = { converged: true, acted: false };

/**
 * Brings one engine to its role when cluster mode is disabled. It never promotes a replica: that is for
 * failover orders and Sentinels, which know what the others hold. And it makes nothing follow a node that
 * isn't a primary itself.
 */
export class ReplicationConvergence {
	private readonly command: (...args: string[]) => Promise<RespValue>;
	/** Asks another node of the same cache; null if it doesn't answer or isn't one. */
	private readonly askNode: (node: NodeAddress, command: readonly string[]) => Promise<RespValue>;
	private readonly inTouch: () => boolean;
	private readonly turnedLately: () => boolean;

	constructor(options: {
		command: ReplicationConvergence["command"];
		askNode: ReplicationConvergence["askNode"];
		/** Whether the assignment is what the control plane wants now. */
		inTouch: () => boolean;
		/**
		 * Whether the engine's role or primary changed so recently that the control plane may not know it yet.
		 */
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
		// A Sentinel may have set its current role while the control plane was away.
		if ((isPrimary || state.linkUp) && !this.inTouch()) return WAITING;
		if (this.turnedLately() && (isPrimary || (await this.followsLeader(state)))) return WAITING;
		// Ask the primary itself, every few milliseconds: an engine that is pointed at one that doesn't accept
		// yet tries again only a second later. The answer also proves that the address belongs to the same cache,
		// whose nodes alone know its system user.
		if (!saysPrimary(await this.askNode(role.of, ["ROLE"]))) return WAITING;
		await this.command("REPLICAOF", host, String(port));
		// Otherwise clients of an endpoint would stay on what is now a replica. They reconnect to the new primary.
		if (isPrimary) await this.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
		return ACTED;
	}

	/**
	 * Whether it follows a node that really is a primary, because a Sentinel or an order said so. The wanted primary
	 * may have come back unchanged: a replica that follows it again would acknowledge writes that are lost once the
	 * control plane knows better.
	 */
	private async followsLeader({ primaryHost: host, primaryPort: port }: EngineState) {
		if (host === null || port === null) return false;
		return saysPrimary(await this.askNode({ host, port }, ["ROLE"]));
	}
}
