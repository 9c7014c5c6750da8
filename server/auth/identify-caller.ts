import type { IncomingHttpHeaders } from "node:http";
import { fromNodeHeaders } from "better-auth/node";
import type { FastifyRequest } from "fastify";
import { accessOfRole, accessOfToken, roleSchema, tokenScopeSchema } from "../contract/access.ts";
import { AppError } from "../contract/errors.ts";
import { LIMITS } from "../contract/limits.ts";
import { equalHex, sha256Hex } from "../platform/secrets.ts";
import type { Caller, Resources } from "../services/context.ts";
import { connectionFacts, judgeConnection } from "./connection.ts";
import type { SessionDoors } from "./sessions.ts";

/** `lastUsedAt` helps people find stale tokens: a minute is precise enough, and saves a write per call. */
const LAST_USED_GRAIN_MS = 60_000;

export interface Identification {
	resources: Resources;
	sessions: SessionDoors;
	/** Sessions may use plain HTTP from other machines. */
	trustsNetwork: boolean;
	/** Hash of the token in the home's `admin-token` file. */
	machineTokenHash: string;
}

/**
 * The caller, or null. A bearer token takes precedence over a cookie; a bad token is refused rather than
 * ignored.
 */
export async function identifyCaller(
	{ resources, sessions, trustsNetwork, machineTokenHash }: Identification,
	request: FastifyRequest,
): Promise<Caller | null> {
	const base = {
		...{ session: null, userId: null, requestId: request.id, address: request.ip },
		idempotencyKey: idempotencyKeyOf(request.headers),
	};
	const bearer = bearerOf(request.headers);
	if (bearer !== null) {
		const hash = sha256Hex(bearer);
		if (equalHex(hash, machineTokenHash)) {
			return {
				...{ ...base, kind: "machine", actor: "machine", name: "this machine" },
				...{ email: null, access: "full" },
			};
		}
		const token = await findToken(resources, hash);
		// A disabled user's tokens work again once the user is enabled.
		if (token === null || token.owner?.disabledAt != null) {
			throw new AppError(
				"unauthenticated",
				"This API token is unknown, revoked or expired, or its user is disabled. Make a new one in the console under API tokens.",
			);
		}
		const ownerRole = token.owner === null ? null : roleSchema.parse(token.owner.role);
		return {
			...base,
			kind: "token",
			actor: `token:${token.id}`,
			name: `token ${token.name}`,
			email: null,
			access: accessOfToken(tokenScopeSchema.parse(token.scope), ownerRole),
			userId: token.ownerId,
		};
	}
	const transport = judgeConnection(connectionFacts(request, trustsNetwork));
	if (!request.headers.cookie || transport === "refused") return null;
	const headers = fromNodeHeaders(request.headers);
	const session = await sessions[transport].api.getSession({ headers });
	if (session === null || session.user.disabledAt != null) return null;
	if (!isSafeMethod(request.method)) requireSameOrigin(request);
	return {
		...base,
		kind: "user",
		actor: `user:${session.user.id}`,
		name: session.user.name,
		email: session.user.email,
		access: accessOfRole(roleSchema.parse(session.user.role)),
		userId: session.user.id,
		session: { id: session.session.id, userId: session.user.id },
	};
}

function bearerOf(headers: IncomingHttpHeaders): string | null {
	const match = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "");
	return match?.[1] ?? null;
}

export function isSafeMethod(method: string): boolean {
	return method === "GET" || method === "HEAD";
}

/** A browser also sends the cookie with requests that other sites trigger; those have another origin. */
function requireSameOrigin({ headers, host }: FastifyRequest): void {
	const { origin } = headers;
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
	const token = await db.apiToken.findUnique({ where: { hash }, include: { owner: true } });
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
