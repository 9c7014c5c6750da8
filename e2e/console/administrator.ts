import { type APIRequestContext, request } from "@playwright/test";
import type { Installation } from "../fixtures/installation.ts";

export const ADMINISTRATOR = {
	name: "Ada Lovelace",
	email: "ada@example.com",
	password: "correct-horse-battery",
} as const;

export type StorageState = Awaited<ReturnType<APIRequestContext["storageState"]>>;

/** Creates the first administrator with the setup link, and signs in. Returns what a signed-in browser stores. */
export async function signInAdministrator(installation: Installation): Promise<StorageState> {
	const context = await request.newContext({
		baseURL: installation.url,
		extraHTTPHeaders: { origin: installation.url },
	});
	const setupToken = new URL(installation.setupLink() ?? "").searchParams.get("token");
	const created = await context.post("/api/trpc/account.createAdministrator", {
		data: { ...ADMINISTRATOR, setupToken },
	});
	if (!created.ok()) throw new Error(await created.text());
	const { email, password } = ADMINISTRATOR;
	const signedIn = await context.post("/api/auth/sign-in/email", { data: { email, password } });
	if (!signedIn.ok()) throw new Error(await signedIn.text());
	const state = await context.storageState();
	await context.dispose();
	return state;
}
