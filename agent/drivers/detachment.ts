import type { NodeAddress } from "./ask-node.ts";
import type { Convergence, EngineState } from "./driver.ts";
import { type ReplicationReading, readReplication } from "./replication-reading.ts";
import type { RespValue } from "./resp-parser.ts";

/** Then the node goes anyway: the others can't be asked from here, or belong to another history. */
const PATIENCE_MS = 15_000;

/**
 * Keeps a replica that will be removed away from its primary, and tells when the others have all that it has acknowledged.
 * Its login for replication is gone (replication-login.ts), so a link that has ended doesn't come back.
 */
export class Detachment {
	private readonly command: (...args: string[]) => Promise<RespValue>;
	/** Asks another node of the same cache; null if it doesn't answer or isn't one. */
	private readonly askNode: (node: NodeAddress, command: readonly string[]) => Promise<RespValue>;
	private since: number | null = null;

	constructor(options: {
		command: Detachment["command"];
		askNode: Detachment["askNode"];
	}) {
		this.command = options.command;
		this.askNode = options.askNode;
	}

	/** The node stays after all. */
	end(): void {
		this.since = null;
	}

	async converge({ linkUp }: EngineState, others: readonly NodeAddress[]): Promise<Convergence> {
		this.since ??= performance.now();
		if (linkUp) {
			await this.command("CLIENT", "KILL", "TYPE", "master");
			return { converged: false, acted: true };
		}
		const isLate = performance.now() - this.since > PATIENCE_MS;
		return { converged: isLate || (await this.isCovered(others)), acted: false };
	}

	private async isCovered(others: readonly NodeAddress[]): Promise<boolean> {
		const question = ["INFO", "replication"];
		const [own, ...rest] = await Promise.all([
			this.command(...question),
			...others.map((node) => this.askNode(node, question)),
		]);
		return (
			others.length === 0 ||
			areAhead(
				readAnswer(own),
				rest.flatMap((info) => readAnswer(info) ?? []),
			)
		);
	}
}

/** At least one other node has all that this one has, and none lacks anything that still belongs to the same history. */
function areAhead(own: ReplicationReading | null, others: readonly ReplicationReading[]): boolean {
	if (own === null) return false;
	const related = others.filter(({ history, formerHistory }) =>
		[history, formerHistory].includes(own.history),
	);
	return related.length > 0 && related.every(({ offset }) => offset >= own.offset);
}

function readAnswer(info: RespValue): ReplicationReading | null {
	return typeof info === "string" ? readReplication(info) : null;
}
