import type { RequestCounters } from "../../server/contract/client-requests.ts";
import type { UsageCounters } from "../../server/contract/usage-reading.ts";
import { classifyCommand, type InfoFields, infoNumber, readCommandStats } from "./valkey-info.ts";

/** The measure of all other commands. */
const SIMPLE: ReadonlySet<string> = new Set(["get", "set"]);
/**
 * Their time isn't a client's: that of a blocking command includes the wait, that of EXEC includes the commands of the
 * transaction, which are counted themselves.
 */
const TIMELESS: ReadonlySet<string> = new Set([
	...["blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin"],
	...["exec", "wait", "waitaof", "xread", "xreadgroup"],
	...["psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe", "unsubscribe"],
]);

/** What the process has counted since it started, as far as it shows what clients used. */
export function readUsage(
	fields: InfoFields,
	writes: ReadonlySet<string>,
	requests: RequestCounters,
): UsageCounters {
	const simple = { calls: 0, usec: 0 };
	const heavy = { direct: { calls: 0, usec: 0 }, replicable: { calls: 0, usec: 0 } };
	for (const { command, calls, usec } of readCommandStats(fields)) {
		const kind = classifyCommand(command, writes);
		if (kind === "housekeeping" || kind === "publish" || TIMELESS.has(command)) continue;
		const work = SIMPLE.has(command)
			? simple
			: kind === "replicable"
				? heavy.replicable
				: heavy.direct;
		work.calls += calls;
		work.usec += usec;
	}
	const total =
		infoNumber(fields, "total_net_input_bytes") + infoNumber(fields, "total_net_output_bytes");
	const internal = [
		...["total_net_repl_input_bytes", "total_net_repl_output_bytes"],
		...["total_net_cluster_slot_import_bytes", "total_net_cluster_slot_export_bytes"],
	].reduce((sum, name) => sum + infoNumber(fields, name), 0);
	return {
		uptimeSeconds: Math.max(0, infoNumber(fields, "uptime_in_seconds")),
		bytes: { total, clients: Math.max(0, total - internal) },
		requests,
		...{ simple, heavy },
		cpuUsec: Math.round(
			(infoNumber(fields, "used_cpu_sys_main_thread") +
				infoNumber(fields, "used_cpu_user_main_thread")) *
				1_000_000,
		),
	};
}

/** Memory for keys and values: without what an empty engine takes, buffers of clients, and replication. */
export function readStoredBytes(fields: InfoFields): number {
	const other = [
		...["used_memory_startup", "mem_clients_normal", "mem_clients_slaves"],
		...["mem_replication_backlog", "mem_cluster_links", "mem_aof_buffer"],
		...["mem_cluster_slot_import", "mem_cluster_slot_export"],
	].reduce((sum, name) => sum + infoNumber(fields, name), 0);
	return Math.max(0, infoNumber(fields, "used_memory") - other);
}
