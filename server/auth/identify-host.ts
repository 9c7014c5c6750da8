import { AppError } from "../contract/errors.ts";
import { sha256Hex } from "../platform/secrets.ts";
import type { Resources } from "../services/context.ts";

/**
 * Like `identifyHost`, but only for hosts that have called before, without asking the database; null for
 * others.
 */
export function recallHost({ fleet }: Resources, authorization: string | undefined): string | null {
	const credential = credentialOf(authorization);
	return credential === null ? null : fleet.credentials.holderOf(sha256Hex(credential));
}

/** The id of the host with this credential; throws `unauthenticated` if it is unknown. */
export async function identifyHost(
	{ db, fleet }: Resources,
	authorization: string | undefined,
): Promise<string> {
	const credential = credentialOf(authorization);
	const credentialHash = sha256Hex(credential ?? "");
	const known = fleet.credentials.holderOf(credentialHash);
	if (known !== null) return known;
	const host =
		credential === null
			? null
			: await db.host.findUnique({ where: { credentialHash }, select: { id: true } });
	if (host === null) {
		throw new AppError(
			"unauthenticated",
			"The control plane doesn't know this host. Enroll it with a join token: larder agent --join … --join-token-file ….",
		);
	}
	fleet.credentials.set(credentialHash, host.id);
	return host.id;
}

function credentialOf(authorization: string | undefined): string | null {
	return /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1] ?? null;
}
