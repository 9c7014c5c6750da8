import { z } from "zod";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Logger } from "../../platform/logger.ts";
import { processIdentitySchema } from "../../platform/process-identity.ts";

/** What an agent must remember of the gateway beyond its own life. */
export const gatewayRecordSchema = z.object({
	format: z.literal(1),
	identity: processIdentitySchema.nullable(),
	/** Sha256 of what the running HAProxy was given; null while that isn't certain. */
	configurationHash: z.string().nullable(),
	/** Ports that it may hold. */
	ports: z.array(z.int()),
});
export type GatewayRecord = z.infer<typeof gatewayRecordSchema>;

export const EMPTY_RECORD: GatewayRecord = {
	format: 1,
	identity: null,
	configurationHash: null,
	ports: [],
};

/** A damaged record counts as none: HAProxy is then found by its directory, and reloaded. */
export async function readGatewayRecord(path: string, logger: Logger): Promise<GatewayRecord> {
	const text = await readFileIfExists(path);
	if (text === null) return EMPTY_RECORD;
	try {
		return gatewayRecordSchema.parse(JSON.parse(text));
	} catch (error) {
		logger.warn({ err: error }, "the gateway's record can't be read; looking for its process");
		return EMPTY_RECORD;
	}
}

export async function writeGatewayRecord(path: string, record: GatewayRecord): Promise<void> {
	await writeFileAtomic(path, JSON.stringify(record));
}
