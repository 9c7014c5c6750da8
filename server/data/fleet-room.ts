import { z } from "zod";
import type { FleetRoom } from "../domain/cache/zone-spread.ts";
import { oncePer } from "../platform/once-per.ts";
import { blocksColumn } from "./blocks-column.ts";
import type { FleetState } from "./fleet-state.ts";

const zonesColumn = z.array(z.string()).nullable();

interface Known {
	openHosts: readonly { id: string; zone: string }[];
	tight: Set<string>;
}

/** Lives beside a fleet's other state in memory: all of it is found again after a restart. */
const known = oncePer((_: FleetState): Known => ({ openHosts: [], tight: new Set() }));

/** What is known about room for a cache's nodes, which may have to stay in certain zones. */
export function fleetRoom(
	fleet: FleetState,
	cache: { zones: unknown; blocks: unknown },
): FleetRoom {
	const { openHosts, tight } = known(fleet);
	const asked = zonesColumn.parse(cache.zones);
	return {
		openHosts: openHosts.filter(({ zone }) => asked === null || asked.includes(zone)),
		keepZones: asked !== null,
		...{ problems: moveProblems(cache), tight },
	};
}

/**
 * Records whether the node's host lacked room for the cache's node type at the last attempt. After a restart the next
 * attempt finds out again: it changes the node in place if there is room, and nothing otherwise. Returns whether it is
 * news.
 */
export function setTight(fleet: FleetState, nodeId: string, isTight: boolean): boolean {
	const { tight } = known(fleet);
	const isNews = tight.has(nodeId) !== isTight;
	if (isTight) tight.add(nodeId);
	else tight.delete(nodeId);
	return isNews;
}

/** Records which hosts accept nodes. */
export function setOpenHosts(
	fleet: FleetState,
	hosts: readonly { id: string; zone: string }[],
): void {
	known(fleet).openHosts = hosts.map(({ id, zone }) => ({ id, zone }));
}

/** Why no other host took a node of the cache at the last attempt, by the node's id. */
export function moveProblems({ blocks }: { blocks: unknown }): ReadonlyMap<string, string> {
	return new Map(
		blocksColumn
			.parse(blocks)
			.flatMap(({ step, nodeId, reason }) =>
				step === "add-replacement" && nodeId !== null ? [[nodeId, reason] as const] : [],
			),
	);
}
