import type { ProcessIdentity } from "../../platform/process-identity.ts";
import { hostLimits } from "../supervisor/cgroup.ts";
import { EngineProcess } from "../supervisor/engine-process.ts";
import type { InstanceCore } from "./instance-core.ts";
import type { InstanceRecord } from "./instance-record.ts";

/** Takes over a process that an earlier agent started. Answers the record with it, which is on disk then. */
export async function adoptEngine(
	core: InstanceCore,
	record: InstanceRecord,
	identity: ProcessIdentity,
): Promise<InstanceRecord> {
	const { assignment, id } = core;
	const { logger, liveness } = core.context;
	const history = record.history === "never" ? "unknown" : record.history;
	const adopted = { ...record, history, identity };
	core.follow(new EngineProcess(identity, liveness));
	await core.save(adopted);
	const phase = record.rebooting ? "rebooting" : "starting";
	core.show({ phase, reason: null, pid: identity.pid });
	if (assignment !== null) hostLimits(logger)?.apply(id, identity.pid, assignment);
	logger.info({ assignmentId: id, pid: identity.pid }, "engine adopted");
	return adopted;
}
