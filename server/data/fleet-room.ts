import { z } from "zod";
import type { FleetRoom } from "../domain/cache/zone-spread.ts";
import type { FleetState } from "./fleet-state.ts";

const zonesColumn = z.array(z.string()).nullable();

interface Known {
	openZones: readonly string[];
	problems: Map<string, string>;
}

/** Beside a fleet's other state in memory: all of it is found anew after a restart. */
const knownOf = new WeakMap<FleetState, Known>();

function known(fleet: FleetState): Known {
	const held = knownOf.get(fleet) ?? { openZones: [], problems: new Map() };
	knownOf.set(fleet, held);
	return held;
}

/** What is known of room for the nodes of a cache, which may have been asked to stay in some zones. */
export function fleetRoom(fleet: FleetState, cache: { zones: unknown }): FleetRoom {
	const { openZones, problems } = known(fleet);
	const asked = zonesColumn.parse(cache.zones);
	return {
		openZones: openZones.filter((zone) => asked === null || asked.includes(zone)),
		problems,
	};
}

/** Zones with hosts that take nodes. */
export function setOpenZones(fleet: FleetState, zones: Iterable<string>): void {
	known(fleet).openZones = [...new Set(zones)].sort();
}

/** Why no other host took the node's place when that was last tried; null where it did, or wasn't tried. */
export function moveProblem(fleet: FleetState, nodeId: string): string | null {
	return known(fleet).problems.get(nodeId) ?? null;
}

/** True if that is news. */
export function setMoveProblem(fleet: FleetState, nodeId: string, problem: string | null): boolean {
	const { problems } = known(fleet);
	const before = problems.get(nodeId) ?? null;
	if (problem === null) problems.delete(nodeId);
	else problems.set(nodeId, problem);
	return problem !== before;
}
