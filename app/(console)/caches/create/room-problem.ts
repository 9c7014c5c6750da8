import type { Host } from "../../../../server/contract/host.ts";
import type { NodeType } from "../../../../server/contract/node-type.ts";

type Size = Pick<NodeType, "memoryBytes" | "cpuMillis">;
type Room = Pick<Host, "memoryBytes" | "memoryAssignedBytes" | "cpus" | "cpuMillisAssigned">;

/** Why not even one node of the type can be placed on these hosts; null when one can. */
export function roomProblem(size: Size, hosts: readonly Room[]): string | null {
	if (hosts.length === 0) return null;
	const fits = (memoryBytes: number, cpuMillis: number) =>
		memoryBytes >= size.memoryBytes && cpuMillis >= size.cpuMillis;
	if (!hosts.some((host) => fits(host.memoryBytes, host.cpus * 1_000))) {
		return "larger than any host";
	}
	const hasRoom = hosts.some((host) =>
		fits(host.memoryBytes - host.memoryAssignedBytes, host.cpus * 1_000 - host.cpuMillisAssigned),
	);
	return hasRoom ? null : "no host has room for one now";
}
