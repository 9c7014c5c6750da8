import type { Assignment } from "../../server/contract/desired-state.ts";
import type { ClientLimit } from "../../server/contract/host-report.ts";
import type { EngineSession } from "../drivers/driver.ts";
import { CONNECTION_PARAMETERS } from "../drivers/memcached-arguments.ts";
import { WANTED_OPEN_FILES } from "../machine/open-files.ts";
import type { InstanceCore } from "./instance-core.ts";
import type { InstanceRecord } from "./instance-record.ts";
import { pendingParameters } from "./pending-parameters.ts";

/** The node's client limit if its host forces a lower one than it should have, else null. Each process is reported once. */
export function noteClientLimit(
	core: InstanceCore,
	assignment: Assignment,
	record: InstanceRecord,
	session: EngineSession,
): ClientLimit | null {
	const limit = session.clientLimit;
	// A number that waits for a reboot isn't the host's doing.
	const pending = pendingParameters(assignment, record);
	if (limit === null || pending.some((name) => CONNECTION_PARAMETERS.includes(name))) return null;
	const pid = core.process?.identity.pid ?? null;
	if (pid !== null && core.reportedLimitOf !== pid) {
		core.reportedLimitOf = pid;
		core.tell("warning", "node.few-clients", describeLimit(assignment.nodeName, limit));
	}
	return limit;
}

function describeLimit(nodeName: string, { actual, wanted }: ClientLimit): string {
	const [few, many] = [actual, wanted].map((count) => count.toLocaleString("en-US"));
	return `${nodeName} serves at most ${few} clients at a time instead of ${many}, because its host lets a process open too few files. Further clients are refused or wait. Set LimitNOFILE=${WANTED_OPEN_FILES} in the unit of the host's agent, or run "ulimit -n ${WANTED_OPEN_FILES}" in the shell that starts it. Then restart the agent and reboot the node.`;
}
