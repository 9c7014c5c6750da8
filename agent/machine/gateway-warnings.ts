import type { HostWarning } from "../../server/contract/host.ts";
import type { GatewayLoad } from "../gateway/gateway-load.ts";
import { CONNECTIONS_MAX } from "../gateway/max-connections.ts";

/** Clients come and go: a gateway that was full counts as full until less than this share of its connections is in use. */
const FULL_UNTIL = 0.95;

/** Warns while a gateway has as many connections as it may have, because further clients wait without an answer. */
export function gatewayWarnings(load: GatewayLoad | null, wasFull: boolean): HostWarning[] {
	if (load === null || load.connections < load.max * (wasFull ? FULL_UNTIL : 1)) return [];
	const most = load.max.toLocaleString("en-US");
	const raise = load.max < CONNECTIONS_MAX ? "raise the agent's limit on open files, " : "";
	return [
		{
			...{ code: "gateway-full", severity: "warning", title: "gateway full" },
			message: `This host's gateway has ${most} connections, as many as it may have. Further clients wait until others leave.`,
			remedy: `Close idle connections, ${raise}or let some clients use the endpoints at other hosts' addresses.`,
			command: null,
		},
	];
}
