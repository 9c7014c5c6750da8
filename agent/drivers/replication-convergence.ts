import type { Assignment } from "../../server/contract/agent.ts";
import type { Convergence, EngineState } from "./driver.ts";
import type { RespValue } from "./resp-parser.ts";

/** How long a replica is not pointed at a primary that doesn't answer, since the engine's own retries are 1 s apart. */
const PRIMARY_GRACE_MS = 500;

export interface NodeAddress {
	readonly host: string;
	readonly port: number;
}

/** Leads one engine to its role where cluster mode is disabled. */
export class ReplicationConvergence {
	private readonly command: (...args: string[]) => Promise<RespValue>;
	/** Asks another node of the same cache; null when it doesn't answer or is none. */
	private readonly askNode: (node: NodeAddress, command: readonly string[]) => Promise<RespValue>;
	private awaited: { primary: string; since: number } | null = null;

	constructor(options: {
		command: ReplicationConvergence["command"];
		askNode: ReplicationConvergence["askNode"];
	}) {
		this.command = options.command;
		this.askNode = options.askNode;
	}

	async converge({ role }: Assignment, state: EngineState): Promise<Convergence> {
		if (role.kind !== "replica") {
			if (state.role === "primary") return { converged: true, acted: false };
			await this.command("REPLICAOF", "NO", "ONE");
			return { converged: false, acted: true };
		}
		const { host, port } = role.of;
		if (state.role === "replica" && state.primaryHost === host && state.primaryPort === port) {
			return { converged: true, acted: false };
		}
		// A primary that is to follow stops taking writes now, whether or not its new primary answers yet.
		if (state.role === "replica" && !(await this.isPrimaryReady(role.of))) {
			return { converged: false, acted: false };
		}
		await this.command("REPLICAOF", host, String(port));
		// Clients behind an endpoint would write to a replica until they connect again, to the new primary.
		if (state.role === "primary") {
			await this.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
		}
		this.awaited = null;
		return { converged: false, acted: true };
	}

	/**
	 * Whether the primary accepts now. An engine that is pointed at one which doesn't tries again only a second later;
	 * asking first, every few milliseconds, joins them in the moment in which it can be done. It also proves that the
	 * address is of the same cache, since only its nodes know the system user's password.
	 */
	private async isPrimaryReady(primary: NodeAddress): Promise<boolean> {
		const name = `${primary.host}:${primary.port}`;
		if (this.awaited?.primary !== name) this.awaited = { primary: name, since: performance.now() };
		if (performance.now() - this.awaited.since > PRIMARY_GRACE_MS) return true;
		return (await this.askNode(primary, ["PING"])) === "PONG";
	}
}
