import type { SetAside } from "../contract/agent.ts";

/** What a host has of the engines that it was ever told to run. */
export interface Inventory {
	/** Of those that the control plane knows, by assignment id. */
	instances: ReadonlySet<string>;
	setAside: readonly SetAside[];
}

/** How long hosts that haven't reported yet are waited for, from the first one's report. */
const PATIENCE_MS = 5_000;

/** After a restore: what each host has, kept until it is known of every node where it is. */
export class Inventories {
	readonly #byHost = new Map<string, Inventory>();
	#firstAt: number | null = null;
	/** No node's place is in doubt. */
	settled = false;
	/** Whom people have been told of: ids of what hosts have set aside. */
	readonly told = new Set<string>();

	/** `instances` is null where they are as they were told before. */
	set(hostId: string, told: { instances: string[] | null; setAside: SetAside[] }, now: Date): void {
		const instances = told.instances
			? new Set(told.instances)
			: this.#byHost.get(hostId)?.instances;
		if (instances === undefined) return;
		this.#firstAt ??= now.getTime();
		this.#byHost.set(hostId, { instances, setAside: told.setAside });
	}

	of(hostId: string): Inventory | null {
		return this.#byHost.get(hostId) ?? null;
	}

	/** Everything that is set aside, with its host. */
	setAside(): (SetAside & { hostId: string })[] {
		return [...this.#byHost].flatMap(([hostId, { setAside }]) =>
			setAside.map((instance) => ({ ...instance, hostId })),
		);
	}

	/** Whether all hosts have told, or have been waited for long enough. */
	isComplete(hostIds: readonly string[], now: Date): boolean {
		if (this.#firstAt === null) return false;
		return (
			now.getTime() - this.#firstAt >= PATIENCE_MS || hostIds.every((id) => this.#byHost.has(id))
		);
	}
}
