import { AppError } from "../contract/errors.ts";
import { sha256Hex } from "../platform/secrets.ts";
import type { Resources } from "../services/context.ts";

/** The host whose credential this is. Hosts are few and never change theirs while they run, so hits are remembered. */
export function createHostIdentification({ db }: Resources) {
	const known = new Map<string, string>();
	return async (authorization: string | undefined): Promise<string> => {
		const credential = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
		const hash = credential === undefined ? undefined : sha256Hex(credential);
		const remembered = hash === undefined ? undefined : known.get(hash);
		if (remembered !== undefined) return remembered;
		const host =
			hash === undefined ? null : await db.host.findUnique({ where: { credentialHash: hash } });
		if (host === null || hash === undefined) {
			throw new AppError(
				"unauthenticated",
				"This host isn't known here. Enrol it with a join token: larder agent --join … --token ….",
			);
		}
		known.set(hash, host.id);
		return host.id;
	};
}
