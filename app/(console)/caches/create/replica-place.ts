import type { Host } from "../../../../server/contract/host.ts";

export interface ReplicaPlace {
	/** Where a serverless cache's replica will be, in a few words. */
	words: string;
	/** What that doesn't protect from, and the remedy; null if it survives the loss of a zone. */
	gap: string | null;
}

/** Every serverless cache has a replica of its data, in another zone if the fleet has one. */
export function replicaPlace(hosts: readonly Pick<Host, "name" | "zone">[]): ReplicaPlace {
	const zones = new Set(hosts.map(({ zone }) => zone));
	if (zones.size > 1) return { words: "in another zone", gap: null };
	const [host] = hosts;
	if (host === undefined) {
		return {
			words: "once hosts are online",
			gap: "No host is online. The cache would stay in the Creating status until one is.",
		};
	}
	return hosts.length > 1
		? {
				words: `on another host in ${host.zone}`,
				gap: `Only zone ${host.zone} has hosts online, so the cache doesn't survive the loss of that zone. Add a host in another zone: the replica moves there by itself.`,
			}
		: {
				words: `on ${host.name} as well`,
				gap: `${host.name} is the only host online, so the replica protects against a failed process, but not against the loss of the host. Add a host in another zone: the replica moves there by itself.`,
			};
}
