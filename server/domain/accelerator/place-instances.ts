export interface InstanceHost {
	readonly id: string;
	readonly zone: string;
	/** Takes new instances, and has memory for one. */
	readonly takesNew: boolean;
	/** Instances of all accelerators. */
	readonly instances: number;
}

/** What should change. */
export interface InstancePlan {
	/** Ids of hosts that should run one more. */
	readonly add: readonly string[];
	/** Ids of hosts whose instance should end. */
	readonly remove: readonly string[];
}

/**
 * Spreads an accelerator's instances over zones, one on a host at most. Instances stay where they are while their host
 * may keep them; `hosts` are those that may. Fewer than wanted if there are too few hosts. If there are too many, those go
 * whose zones have most.
 */
export function placeInstances(options: {
	readonly wanted: number;
	/** Ids of the hosts that have one. */
	readonly present: readonly string[];
	readonly hosts: readonly InstanceHost[];
}): InstancePlan {
	const { wanted, hosts } = options;
	const kept = hosts.filter(({ id }) => options.present.includes(id));
	const lost = options.present.filter((id) => !kept.some((host) => host.id === id));
	const chosen = [...kept];
	const surplus: string[] = [];
	const inZone = (zone: string) => chosen.filter((host) => host.zone === zone).length;
	while (chosen.length < wanted) {
		const [next] = hosts
			.filter((host) => host.takesNew && !chosen.includes(host))
			.sort(
				(a, b) =>
					inZone(a.zone) - inZone(b.zone) || a.instances - b.instances || (a.id < b.id ? -1 : 1),
			);
		if (next === undefined) break;
		chosen.push(next);
	}
	while (chosen.length > wanted) {
		const [next] = [...chosen].sort(
			(a, b) =>
				inZone(b.zone) - inZone(a.zone) || b.instances - a.instances || (a.id > b.id ? -1 : 1),
		);
		if (next === undefined) break;
		chosen.splice(chosen.indexOf(next), 1);
		surplus.push(next.id);
	}
	return {
		add: chosen.filter((host) => !kept.includes(host)).map(({ id }) => id),
		remove: [...lost, ...surplus],
	};
}
