import type { ProcessIdentity } from "../../platform/process-identity.ts";
import { raiseOpenFiles } from "../machine/open-files.ts";
import { hostLimits, limitsOf } from "../supervisor/cgroup.ts";
import { EngineProcess } from "../supervisor/engine-process.ts";
import type { InstanceCore } from "./instance-core.ts";
import type { InstanceRecord } from "./instance-record.ts";

/** Takes over a process that an earlier agent started. Returns the record with it, already on disk. */
export async function adoptEngine(
	core: InstanceCore,
	record: InstanceRecord,
	identity: ProcessIdentity,
): Promise<InstanceRecord> {
	const { assignment, id } = core;
	const { logger, liveness } = core.context;
	await raiseOpenFiles(identity.pid, logger);
	const history = record.history === "never" ? "unknown" : record.history;
	const adopted = { ...record, history, identity };
	core.follow(new EngineProcess(identity, liveness));
	await core.save(adopted);
	const phase = record.rebooting ? "rebooting" : "starting";
	core.show({ phase, reason: null, pid: identity.pid });
	if (assignment !== null) hostLimits(logger)?.apply(id, identity.pid, limitsOf(assignment));
	logger.info({ assignmentId: id, pid: identity.pid }, "engine adopted");
	return adopted;
}
