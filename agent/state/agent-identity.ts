import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";

const identitySchema = z.object({
	format: z.literal(1),
	agentId: z.uuid(),
	credential: z.string().min(40),
	/** Name that the control plane gave this host; null before it enrolled. */
	hostId: z.string().nullable(),
});
export type AgentIdentity = z.infer<typeof identitySchema>;

function identityFile(homeDir: string): string {
	return join(homeDir, "identity.json");
}

/**
 * Who this agent is. Made and stored before the first enrolment, so that an enrolment whose answer was lost can be
 * repeated. Throws on a damaged file: a new identity would orphan the engines of this host.
 */
export async function loadIdentity(homeDir: string): Promise<AgentIdentity> {
	const path = identityFile(homeDir);
	const text = await readFileIfExists(path);
	if (text !== null) {
		try {
			return identitySchema.parse(JSON.parse(text));
		} catch (cause) {
			throw new Error(`${path} is damaged; restore it, or delete it to join as a new host`, {
				cause,
			});
		}
	}
	const identity: AgentIdentity = {
		format: 1,
		agentId: randomUUID(),
		credential: randomBytes(32).toString("base64url"),
		hostId: null,
	};
	await saveIdentity(homeDir, identity);
	return identity;
}

export async function saveIdentity(homeDir: string, identity: AgentIdentity): Promise<void> {
	await writeFileAtomic(identityFile(homeDir), JSON.stringify(identity), { sync: true });
}
