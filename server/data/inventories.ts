import type { SetAside } from "../contract/host-report.ts";

/** The engines that a host still has, of all that it was ever told to run. */
export interface Inventory {
	/** Instances that the control plane knows, by assignment id. */
	instances: ReadonlySet<string>;
	setAside: readonly SetAside[];
}

/** How long to wait for hosts that haven't reported yet, from the first report on. */
const PATIENCE_MS = 5_000;

/** After a restore: what each host has, kept until every node has been located. */
export class Inventories {
	readonly #byHost = new Map<string, Inventory>();
	#firstAt: number | null = null;
	/** No node's place is in doubt. */
	settled = false;
	/** Ids of set-aside instances that an event has already reported. */
	readonly reported = new Set<string>();

	/** `instances` is null if they are unchanged since the last report. */
	set(
		hostId: string,
		report: { instances: string[] | null; setAside: SetAside[] },
		now: Date,
	): void {
		const instances = report.instances
			? new Set(report.instances)
			: this.#byHost.get(hostId)?.instances;
		if (instances === undefined) return;
		this.#firstAt ??= now.getTime();
		this.#byHost.set(hostId, { instances, setAside: report.setAside });
	}

	of(hostId: string): Inventory | null {
		return this.#byHost.get(hostId) ?? null;
	}

	/** Every set-aside instance, with its host. */
	setAside(): (SetAside & { hostId: string })[] {
		return [...this.#byHost].flatMap(([hostId, { setAside }]) =>
			setAside.map((instance) => ({ ...instance, hostId })),
		);
	}

	/** Whether all hosts have reported, or the wait is over. */
	isComplete(hostIds: readonly string[], now: Date): boolean {
		if (this.#firstAt === null) return false;
		return (
			now.getTime() - this.#firstAt >= PATIENCE_MS || hostIds.every((id) => this.#byHost.has(id))
		);
	}
}
