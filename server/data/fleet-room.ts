import { z } from "zod";
import type { FleetRoom } from "../domain/cache/zone-spread.ts";
import { oncePer } from "../platform/once-per.ts";
import type { FleetState } from "./fleet-state.ts";

const zonesColumn = z.array(z.string()).nullable();

interface Known {
	openHosts: readonly { id: string; zone: string }[];
	problems: Map<string, string>;
	tight: Set<string>;
	stepProblems: Map<string, string>;
}

/** Lives beside a fleet's other state in memory: all of it is found again after a restart. */
const known = oncePer((_: FleetState): Known => {
	return { openHosts: [], problems: new Map(), tight: new Set(), stepProblems: new Map() };
});

/** What is known about room for a cache's nodes, which may have to stay in some zones. */
export function fleetRoom(fleet: FleetState, cache: { zones: unknown }): FleetRoom {
	const { openHosts, problems, tight } = known(fleet);
	const asked = zonesColumn.parse(cache.zones);
	return {
		openHosts: openHosts.filter(({ zone }) => asked === null || asked.includes(zone)),
		keepZones: asked !== null,
		...{ problems, tight },
	};
}

/** Whether the node's host had room for the cache's node type at the last attempt. */
export function setTight(fleet: FleetState, nodeId: string, isTight: boolean): void {
	const { tight } = known(fleet);
	if (isTight) tight.add(nodeId);
	else tight.delete(nodeId);
}

/** Hosts that take nodes. */
export function setOpenHosts(
	fleet: FleetState,
	hosts: readonly { id: string; zone: string }[],
): void {
	known(fleet).openHosts = hosts.map(({ id, zone }) => ({ id, zone }));
}

/** Why no other host took the node at the last attempt; null if one did, or there was none. */
export function moveProblem(fleet: FleetState, nodeId: string): string | null {
	return known(fleet).problems.get(nodeId) ?? null;
}

/** Returns whether that is news. */
export function setMoveProblem(fleet: FleetState, nodeId: string, problem: string | null): boolean {
	const { problems } = known(fleet);
	const before = problems.get(nodeId) ?? null;
	if (problem === null) problems.delete(nodeId);
	else problems.set(nodeId, problem);
	return problem !== before;
}

/**
 * Why there were no ports, or no places for more nodes, for the cache at the last attempt; null if there were,
 * or there was no attempt.
 */
export function stepProblem(fleet: FleetState, cacheId: string): string | null {
	return known(fleet).stepProblems.get(cacheId) ?? null;
}

export function setStepProblem(fleet: FleetState, cacheId: string, problem: string | null): void {
	const { stepProblems } = known(fleet);
	if (problem === null) stepProblems.delete(cacheId);
	else stepProblems.set(cacheId, problem);
}
