import type { IncomingHttpHeaders } from "node:http";
import { fromNodeHeaders } from "better-auth/node";
import { AppError } from "../contract/errors.ts";
import { LIMITS } from "../contract/limits.ts";
import { equalHex, sha256Hex } from "../platform/secrets.ts";
import type { Caller, Resources } from "../services/context.ts";
import type { Sessions } from "./sessions.ts";

/** `lastUsedAt` is for people to find stale tokens: a minute is fine enough, and not every call is a write. */
const LAST_USED_GRAIN_MS = 60_000;

export interface Identification {
	resources: Resources;
	sessions: Sessions;
	/** Hash of the token in the home's `admin-token` file. */
	machineTokenHash: string;
}

/** Who calls, or null. A bearer token wins over a cookie; a bad one is refused rather than passed over. */
export async function identifyCaller(
	{ resources, sessions, machineTokenHash }: Identification,
	request: { headers: IncomingHttpHeaders; method: string; id: string },
): Promise<Caller | null> {
	const base = { requestId: request.id, idempotencyKey: idempotencyKeyOf(request.headers) };
	const bearer = bearerOf(request.headers);
	if (bearer !== null) {
		const hash = sha256Hex(bearer);
		if (equalHex(hash, machineTokenHash)) {
			return { ...base, kind: "machine", actor: "machine", name: "this machine", email: null };
		}
		const token = await findToken(resources, hash);
		if (token === null) {
			throw new AppError(
				"unauthenticated",
				"This API token is unknown, revoked or expired. Make a new one in the console under API tokens.",
			);
		}
		return {
			...base,
			kind: "token",
			actor: `token:${token.id}`,
			name: `token ${token.name}`,
			email: null,
		};
	}
	if (!request.headers.cookie) return null;
	const session = await sessions.api.getSession({ headers: fromNodeHeaders(request.headers) });
	if (session === null) return null;
	if (!isSafeMethod(request.method)) requireSameOrigin(request.headers);
	return {
		...base,
		kind: "user",
		actor: `user:${session.user.id}`,
		name: session.user.name,
		email: session.user.email,
	};
}

function bearerOf(headers: IncomingHttpHeaders): string | null {
	const match = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "");
	return match?.[1] ?? null;
}

export function isSafeMethod(method: string): boolean {
	return method === "GET" || method === "HEAD";
}

/** A browser sends the cookie along with requests that other sites make it send; those have another origin. */
function requireSameOrigin(headers: IncomingHttpHeaders): void {
	const { origin, host } = headers;
	if (origin !== undefined && URL.canParse(origin) && new URL(origin).host === host) return;
	throw new AppError(
		"forbidden",
		"A change made with a session cookie must come from the console itself. Use an API token elsewhere.",
	);
}

function idempotencyKeyOf(headers: IncomingHttpHeaders): string | null {
	const key = headers["idempotency-key"];
	if (key === undefined) return null;
	if (typeof key !== "string" || key.length === 0 || key.length > LIMITS.idempotencyKeyMaxLength) {
		throw new AppError(
			"invalid_argument",
			`Idempotency-Key must have 1 to ${LIMITS.idempotencyKeyMaxLength} characters`,
			{ field: "Idempotency-Key" },
		);
	}
	return key;
}

async function findToken({ db, clock }: Resources, hash: string) {
	const token = await db.apiToken.findUnique({ where: { hash } });
	const now = clock.now();
	if (token === null || (token.expiresAt !== null && token.expiresAt <= now)) return null;
	if (
		token.lastUsedAt === null ||
		now.getTime() - token.lastUsedAt.getTime() > LAST_USED_GRAIN_MS
	) {
		await db.apiToken.updateMany({ where: { id: token.id }, data: { lastUsedAt: now } });
	}
	return token;
}
