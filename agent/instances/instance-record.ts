import { z } from "zod";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import { processIdentitySchema } from "../../platform/process-identity.ts";
import { engineSchema } from "../../server/contract/enums.ts";

/**
 * What an agent must remember of an instance beyond its own lifetime.
 *
 *   never ──intent written──> unknown ──answered──> ran
 *                                └──ended, and its log shows that it never served──> never
 *
 * `unknown` counts as ran: the agent may have died before it could see the engine answer. An instance that
 * never ran can't hold data, so it may be launched at will.
 */
export const instanceRecordSchema = z.object({
	format: z.literal(1),
	assignmentId: z.string(),
	hostId: z.string(),
	engine: engineSchema,
	history: z.enum(["never", "unknown", "ran"]),
	/** Permit of the last launch; -1 for none. */
	launchPermit: z.int(),
	/**
	 * Total launches. Above 0, a process may exist even if `identity` is null: the agent may have died between the
	 * launch and the record of it.
	 */
	launches: z.int(),
	restarts: z.int(),
	identity: processIdentitySchema.nullable(),
	startedAt: z.iso.datetime().nullable(),
	/** Newest generation whose settings were applied. */
	generation: z.int(),
	/** The newest completed reboot; -1 for never started. */
	reboot: z.int().default(0),
	/** The port that the process was launched on; null if not recorded. */
	port: z.int().nullable().default(null),
	/** The reboot that was requested when the process was launched. */
	launchReboot: z.int().default(0),
	/** A reboot is in progress (reboot.ts). */
	rebooting: z.boolean().default(false),
	/** It is rebooting with, or its process started with, the data of a predecessor that had synced. */
	keptData: z.boolean().default(false),
	/** Whether its append-only files hold all that its newest process has acknowledged (persistence.ts). */
	appendFiles: z.enum(["no", "yes", "loading"]).default("no"),
	/** The restore whose data its newest process was started with; null for none. */
	restored: z.string().nullable().default(null),
	/** It ended in order to sleep, and the data that it kept has been verified. */
	asleep: z.boolean().default(false),
	/** How often it has been started since it slept, without having served yet. */
	wakings: z.int().default(0),
	/** Launch values of the parameters that a running process can't change; null if not recorded. */
	launchedParameters: z.record(z.string(), z.string()).nullable().default(null),
	/** Live parameters that the engine refused, with the refused value. */
	refusedParameters: z.record(z.string(), z.string()).default({}),
});
export type InstanceRecord = z.infer<typeof instanceRecordSchema>;

export function emptyRecord(
	assignmentId: string,
	hostId: string,
	engine: InstanceRecord["engine"],
): InstanceRecord {
	return {
		format: 1,
		assignmentId,
		hostId,
		engine,
		history: "never",
		launchPermit: -1,
		launches: 0,
		restarts: 0,
		identity: null,
		startedAt: null,
		generation: -1,
		reboot: -1,
		launchReboot: -1,
		rebooting: false,
		keptData: false,
		appendFiles: "no",
		restored: null,
		asleep: false,
		wakings: 0,
		launchedParameters: null,
		port: null,
		refusedParameters: {},
	};
}

/** The record; null if there is none. Throws if it can't be read: guessing could start an engine twice. */
export async function readRecord(path: string): Promise<InstanceRecord | null> {
	const text = await readFileIfExists(path);
	if (text === null) return null;
	try {
		return instanceRecordSchema.parse(JSON.parse(text));
	} catch (cause) {
		throw new Error(`${path} is damaged; the agent leaves the instance alone`, { cause });
	}
}

export async function writeRecord(path: string, record: InstanceRecord): Promise<void> {
	await writeFileAtomic(path, JSON.stringify(record));
}
