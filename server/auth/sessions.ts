import { betterAuth } from "better-auth";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { APIError } from "better-auth/api";
import { LIMITS } from "../contract/limits.ts";
import type { Database } from "../data/database.ts";

/** Set by our own HTTP layer from the connection; it overwrites a client's header of that name. */
export const CLIENT_IP_HEADER = "x-larder-client-ip";

/**
 * One cookie for HTTPS, which is Secure, and one with another name for plain HTTP (connection.ts says when that is
 * allowed).
 */
export function createSessionDoors(db: Database, secret: string): SessionDoors {
	return {
		secure: createSessions(db, secret, { secureCookie: true }),
		plain: createSessions(db, secret, { secureCookie: false }),
	};
}
export interface SessionDoors {
	secure: Sessions;
	plain: Sessions;
}

/**
 * Accounts, passwords and cookie sessions. People can't sign themselves up: setup creates the first administrator,
 * and invitations create everyone else.
 */
function createSessions(db: Database, secret: string, options: { secureCookie: boolean }) {
	return betterAuth({
		basePath: "/api/auth",
		secret,
		database: prismaAdapter(db, { provider: "postgresql", transaction: true }),
		// One server answers under several names (127.0.0.1, localhost, a LAN address): its own origin is the
		// trusted one.
		trustedOrigins: (request) => {
			const host = request?.headers.get("host");
			return host === null || host === undefined ? [] : [`http://${host}`, `https://${host}`];
		},
		emailAndPassword: {
			enabled: true,
			disableSignUp: true,
			minPasswordLength: LIMITS.passwordMinLength,
			maxPasswordLength: LIMITS.passwordMaxLength,
		},
		user: {
			additionalFields: {
				role: { type: "string", input: false },
				disabledAt: { type: "date", required: false, input: false },
			},
		},
		databaseHooks: {
			session: {
				create: {
					/** A disabled user can't sign in, even with the right password. */
					async before({ userId }) {
						const user = await db.user.findUnique({ where: { id: userId } });
						if (user !== null && user.disabledAt === null) return;
						throw new APIError("FORBIDDEN", {
							message: "This account is disabled. Ask an administrator to enable it.",
						});
					},
				},
			},
		},
		rateLimit: {
			enabled: true,
			window: 60,
			max: 300,
			customRules: { "/sign-in/email": { window: 60, max: 10 } },
		},
		advanced: {
			cookiePrefix: "larder",
			useSecureCookies: options.secureCookie,
			ipAddress: { ipAddressHeaders: [CLIENT_IP_HEADER] },
		},
		telemetry: { enabled: false },
		logger: { level: "error" },
	});
}
export type Sessions = ReturnType<typeof createSessions>;
