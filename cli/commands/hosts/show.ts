import { Command } from "commander";
import { type Host, hostSchema } from "../../../server/contract/index.ts";
import {
	type ApiOptions,
	connect,
	print,
	printJson,
	withApiOptions,
} from "../../command-context.ts";
import { formatBytes, printable } from "../../terminal/format.ts";
import { formatFields } from "../../terminal/table.ts";
import { describeClock, describeState, warningLine } from "./describe-host.ts";

export function showCommand(): Command {
	const command = new Command("show")
		.description("Show a host: status, warnings, capacity, engines")
		.argument("<name>");
	return withApiOptions(command).action(async (name: string, options: ApiOptions) => {
		const api = await connect(options);
		const answer = await api.call({ method: "GET", path: `/hosts/${encodeURIComponent(name)}` });
		if (options.json) printJson(answer);
		else print(describeHost(hostSchema.parse(answer)));
	});
}

/** A host in readable form. */
export function describeHost(host: Host): string {
	const state = describeState(host);
	// Each node that is stuck has a line of its own.
	const reason = host.stuckNodes.length > 0 ? null : host.statusReason;
	const fields: [label: string, value: string][] = [
		["Name", host.name],
		["Status", reason === null ? state : `${state}: ${reason}`],
		...warningsOf(host).map((warning): [string, string] => ["Warning", warning]),
		...host.stuckNodes.map(({ node, reason }): [string, string] => ["Stuck", `${node}: ${reason}`]),
		["Zone", host.zone],
		["Address", host.address],
		["Nodes", String(host.nodeCount)],
		["Memory", `${formatBytes(host.memoryAssignedBytes)} of ${formatBytes(host.memoryBytes)}`],
		["vCPUs", `${host.cpuMillisAssigned / 1_000} of ${host.cpus}`],
		["Limits", host.limits === "none" ? "none: nodes aren't limited to their size" : host.limits],
		["Gateway", withReason(host.gateway)],
		["Forwarding", describeForwarding(host.gateway.forwarding)],
		["Cluster bus", describeClusterBus(host.clusterBus)],
		["Sentinel", withReason(host.sentinel)],
		["Clock", describeClock(host)],
		["Engines", host.engines.map((each) => `${each.engine} ${each.version}`).join(", ") || "-"],
		["Agent", host.agentVersion],
		["Joined", host.joinedAt],
		["Last seen", host.lastSeenAt ?? "-"],
		["ID", host.id],
	];
	return formatFields(fields.map(([label, value]) => [label, printable(value)]));
}

/** All of the control plane's warnings. */
function warningsOf({ clockWarning, warnings }: Host): string[] {
	return [...(clockWarning === null ? [] : [clockWarning]), ...warnings.map(warningLine)];
}

function withReason({ status, reason }: Host["sentinel"]): string {
	return reason === null ? status : `${status}: ${reason}`;
}

/** What forwards connections to the endpoints. */
function describeForwarding(forwarding: Host["gateway"]["forwarding"]): string {
	if (forwarding === null) return "-";
	const by = forwarding.by === "kernel" ? "kernel" : "HAProxy";
	return forwarding.note === null ? by : `${by}: ${forwarding.note}`;
}

/** Who may connect to the bus of cluster nodes. */
function describeClusterBus(bus: Host["clusterBus"]): string {
	if (bus === null) return "-";
	return bus.closed ? "closed to all but members" : `open to everyone: ${bus.note}`;
}
