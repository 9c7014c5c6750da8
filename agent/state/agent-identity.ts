import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import { parseJson } from "../../platform/json-text.ts";
import type { Logger } from "../../platform/logger.ts";

const identitySchema = z.object({
	format: z.literal(1),
	agentId: z.uuid(),
	credential: z.string().min(40),
	/** Id that the control plane gave this host; null before it enrolled. */
	hostId: z.string().nullable(),
});
export type AgentIdentity = z.infer<typeof identitySchema>;

/** A host that forgets its identity can't get its engines back, so the identity is on disk twice. */
function identityFiles(homeDir: string): readonly [string, string] {
	return [join(homeDir, "identity.json"), join(homeDir, "identity.copy.json")];
}

/** This host's identity is lost. The message says what to do. */
export class IdentityLostError extends Error {
	constructor(file: string, copy: string) {
		super(
			`${file} is damaged, and so is ${copy}: this agent no longer knows which host it is. Its engines keep serving. Restore one of the two files from a backup. Without a backup, give up the host in the control plane (larder hosts remove <host> --lost), end its engines, and start again with an empty --home and a new join token.`,
		);
		this.name = "IdentityLostError";
	}
}

/**
 * This agent's identity. Made and stored before the first enrollment, so that an enrollment whose answer was
 * lost can be repeated. Throws IdentityLostError rather than replace an earlier identity: the control plane
 * would take the agent for another host, and this host's engines for lost.
 */
export async function loadIdentity(homeDir: string, logger: Logger): Promise<AgentIdentity> {
	const [file, copy] = identityFiles(homeDir);
	const [first, second] = await Promise.all([readIdentity(file), readIdentity(copy)]);
	const known = first.identity ?? second.identity;
	if (known === null) {
		if (first.exists || second.exists) throw new IdentityLostError(file, copy);
		return await renewIdentity(homeDir);
	}
	if (first.exists && first.identity === null) {
		const what = "the file that identifies this host was damaged; using its copy";
		logger.warn({ file, copy }, what);
	}
	if (first.identity === null || second.identity === null) await saveIdentity(homeDir, known);
	return known;
}

/** Makes and stores a new identity, with which the machine joins as a new host. */
export async function renewIdentity(homeDir: string): Promise<AgentIdentity> {
	const identity: AgentIdentity = {
		format: 1,
		agentId: randomUUID(),
		credential: randomBytes(32).toString("base64url"),
		hostId: null,
	};
	await saveIdentity(homeDir, identity);
	return identity;
}

async function readIdentity(path: string) {
	const text = await readFileIfExists(path);
	const parsed = identitySchema.safeParse(parseJson(text ?? ""));
	return { exists: text !== null, identity: parsed.success ? parsed.data : null };
}

export async function saveIdentity(homeDir: string, identity: AgentIdentity): Promise<void> {
	for (const path of identityFiles(homeDir)) {
		await writeFileAtomic(path, JSON.stringify(identity), { sync: true });
	}
}
