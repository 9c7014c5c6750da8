import { z } from "zod";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import { processIdentitySchema } from "../../platform/process-identity.ts";
import { engineSchema } from "../../server/contract/enums.ts";

/**
 * What an agent must remember of an instance beyond its own life.
 *
 *   never ──intent written──> unknown ──answered──> ran
 *                                └──ended, and its log says that it never served──> never
 *
 * `unknown` counts as ran: the agent may have died before it could see the engine answer. What never ran can't hold
 * data, and is launched at will.
 */
export const instanceRecordSchema = z.object({
	format: z.literal(1),
	assignmentId: z.string(),
	hostId: z.string(),
	engine: engineSchema,
	history: z.enum(["never", "unknown", "ran"]),
	/** Permit of the last launch; -1 for none. */
	launchPermit: z.int(),
	/** Launches in all. Above 0, a process may exist even where `identity` is null: a crash can fall between. */
	launches: z.int(),
	restarts: z.int(),
	identity: processIdentitySchema.nullable(),
	startedAt: z.iso.datetime().nullable(),
	/** Newest generation whose settings were applied. */
	generation: z.int(),
	/** Newest reboot that is over; -1 for never started. */
	reboot: z.int().default(0),
	/** That the process was launched on; null when nobody noted it. */
	port: z.int().nullable().default(null),
	/** The reboot that was asked for when the process was launched. */
	launchReboot: z.int().default(0),
	/** A reboot is under way (reboot.ts). */
	rebooting: z.boolean().default(false),
	/** What the process was launched with of the parameters that it can't be given later; null when nobody noted it. */
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
		launchedParameters: null,
		port: null,
		refusedParameters: {},
	};
}

/** The record, or null where there is none. Throws on one that can't be read: guessing could start an engine twice. */
export async function readRecord(path: string): Promise<InstanceRecord | null> {
	const text = await readFileIfExists(path);
	if (text === null) return null;
	try {
		return instanceRecordSchema.parse(JSON.parse(text));
	} catch (cause) {
		throw new Error(`${path} is damaged; the instance is left as it is`, { cause });
	}
}

export async function writeRecord(path: string, record: InstanceRecord): Promise<void> {
	await writeFileAtomic(path, JSON.stringify(record));
}
