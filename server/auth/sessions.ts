import { betterAuth } from "better-auth";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { LIMITS } from "../contract/limits.ts";
import type { Database } from "../data/database.ts";

/** Set by our own HTTP layer from the connection; a client's header of that name is overwritten. */
export const CLIENT_IP_HEADER = "x-larder-client-ip";

/** Accounts, passwords and cookie sessions. People don't sign themselves up: the administrator is made at set-up. */
export function createSessions(db: Database, secret: string) {
	return betterAuth({
		basePath: "/api/auth",
		secret,
		database: prismaAdapter(db, { provider: "postgresql", transaction: true }),
		// One server answers under several names (127.0.0.1, localhost, a LAN address): its own origin is the trusted one.
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
		rateLimit: {
			enabled: true,
			window: 60,
			max: 300,
			customRules: { "/sign-in/email": { window: 60, max: 10 } },
		},
		advanced: {
			cookiePrefix: "larder",
			ipAddress: { ipAddressHeaders: [CLIENT_IP_HEADER] },
		},
		telemetry: { enabled: false },
		logger: { level: "error" },
	});
}
export type Sessions = ReturnType<typeof createSessions>;
