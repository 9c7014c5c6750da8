import { AppError } from "../contract/errors.ts";
import { sha256Hex } from "../platform/secrets.ts";
import type { Resources } from "../services/context.ts";

/** The id of the host whose credential this is; `unauthenticated` for one that is unknown. */
export async function identifyHost(
	{ db, fleet }: Resources,
	authorization: string | undefined,
): Promise<string> {
	const credential = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
	const credentialHash = sha256Hex(credential ?? "");
	const known = fleet.hostOf(credentialHash);
	if (known !== null) return known;
	const host =
		credential === undefined
			? null
			: await db.host.findUnique({ where: { credentialHash }, select: { id: true } });
	if (host === null) {
		throw new AppError(
			"unauthenticated",
			"This host isn't known here. Enrol it with a join token: larder agent --join … --token ….",
		);
	}
	fleet.setCredential(credentialHash, host.id);
	return host.id;
}
