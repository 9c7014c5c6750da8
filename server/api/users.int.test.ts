import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Session, sessionListSchema } from "../contract/account.ts";
import { createdTokenSchema } from "../contract/token.ts";
import { userLinkSchema } from "../contract/user.ts";
import { openTestResources, type TestResources } from "../testing/test-resources.ts";
import { startTestServer, TEST_MACHINE_TOKEN, type TestServer } from "../testing/test-server.ts";

const ADA = "ada@example.com";
const BOB = "robert@example.com";
const PASSWORD = "correct horse battery";
const DAY_MS = 86_400_000;

let test: TestResources;
let server: TestServer;
/** The browsers' address: each test has its own, because the tests share one process and its limit on sign-ins. */
let address = "198.51.100.0";
beforeEach(async () => {
	test = await openTestResources();
	// Sessions end by the real clock.
	test.time.now = new Date();
	address = `198.51.100.${Number(address.split(".")[3]) + 1}`;
	server = await startTestServer(test, { trustedProxies: ["127.0.0.1"], trustsNetwork: true });
	const made = await post("/api/trpc/account.createAdministrator", {
		...{ setupToken: server.setupToken, name: "Ada", email: ADA, password: PASSWORD },
	});
	expect(made.status).toBe(200);
	test.time.now = new Date(test.time.now.getTime() + 1_000);
});
afterEach(() => server.close());

interface Answer {
	status: number;
	body: unknown;
	cookie: string;
}

async function send(method: string, path: string, headers: object, body?: object): Promise<Answer> {
	const response = await fetch(`${server.url}${path}`, {
		method,
		headers: {
			...{ origin: server.url, "x-forwarded-for": address },
			"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
			...(body !== undefined && { "content-type": "application/json" }),
			...headers,
		},
		...(body !== undefined && { body: JSON.stringify(body) }),
	});
	const cookies = response.headers.getSetCookie().map((each) => each.split(";")[0]);
	return { status: response.status, body: await response.json(), cookie: cookies.join("; ") };
}

const post = (path: string, body: object) => send("POST", path, {}, body);
/** Calls REST as this machine, with a token, or with a browser's cookie. */
const rest = (
	method: string,
	path: string,
	{
		as = { authorization: `Bearer ${TEST_MACHINE_TOKEN}` },
		body,
	}: { as?: object; body?: object } = {},
) => send(method, `/api/v1${path}`, as, body);
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const signIn = (email: string) => post("/api/auth/sign-in/email", { email, password: PASSWORD });
async function browserOf(email: string) {
	const { status, cookie } = await signIn(email);
	expect(status).toBe(200);
	return { cookie };
}

async function invite(email: string, role = "viewer") {
	const { status, body } = await rest("POST", "/users", { body: { email, role } });
	expect(status).toBe(201);
	const { link } = userLinkSchema.parse(body);
	return new URL(link).searchParams.get("token") ?? "";
}
const accept = (inviteToken: string, name = "Bob", password = PASSWORD) =>
	post("/api/trpc/account.acceptInvitation", { inviteToken, name, password });
async function addUser(email: string, role: string) {
	expect((await accept(await invite(email, role))).status).toBe(200);
}
const createToken = async (as: object, scope = "full") =>
	createdTokenSchema.parse(
		(await rest("POST", "/tokens", { as, body: { name: "ci", scope } })).body,
	).token;
const meAs = async (as: object) => await rest("GET", "/me", { as });
const audited = async (action: string) =>
	await test.resources.db.auditEntry.findMany({ where: { action, outcome: "succeeded" } });

describe("an invitation", () => {
	it("admits one person, once, as a viewer who sees everything but secrets", async () => {
		const link = await invite(BOB);
		expect((await post("/api/trpc/account.invitation", { inviteToken: link })).body).toMatchObject({
			result: { data: { email: BOB, role: "viewer" } },
		});
		expect((await signIn(BOB)).status).toBe(401);
		const weak = await accept(link, "Bob", "robert robert 1");
		expect(weak).toMatchObject({ status: 422, body: { error: { data: { field: "password" } } } });
		expect((await accept(link)).status).toBe(200);
		const again = await accept(link);
		expect(again.status).toBe(401);
		expect(JSON.stringify(again.body)).toContain("Ask an administrator for a new link");

		const as = await browserOf(BOB);
		expect((await meAs(as)).body).toMatchObject({ email: BOB, access: "viewer" });
		for (const path of ["/caches", "/hosts", "/tokens", "/users", "/audit", "/events"]) {
			expect((await rest("GET", path, { as })).status, path).toBe(200);
		}
		expect((await rest("GET", "/caches/x/credentials", { as })).status).toBe(403);
		expect((await rest("POST", "/tokens", { as, body: { name: "own" } })).status).toBe(403);
		expect((await rest("POST", "/users", { as, body: { email: "c@example.com" } })).status).toBe(
			403,
		);
		expect(await audited("user.invite")).toMatchObject([{ target: BOB, actor: "machine" }]);
		expect(await audited("user.accept-invitation")).toMatchObject([{ actorName: BOB }]);
		const log = JSON.stringify(await test.resources.db.auditEntry.findMany());
		expect(log).not.toContain(link);
		expect(JSON.stringify(await test.resources.db.user.findMany())).not.toContain(link);
	});

	it("ends when it is replaced, withdrawn or a week old", async () => {
		const first = await invite(BOB);
		const second = await invite(BOB);
		expect((await accept(first)).status).toBe(401);
		test.time.now = new Date(test.time.now.getTime() + 7 * DAY_MS);
		expect((await accept(second)).status).toBe(401);
		expect((await rest("GET", "/users")).body).toMatchObject({
			items: [
				{ email: BOB, status: "expired" },
				{ email: ADA, status: "active" },
			],
		});
		const third = await invite(BOB);
		expect((await rest("DELETE", `/users/${BOB}`)).status).toBe(200);
		expect((await accept(third)).status).toBe(401);
		expect((await rest("POST", "/users", { body: { email: ADA } })).status).toBe(409);
	});
});

describe("a password-reset link", () => {
	const NEW_PASSWORD = "blauer elefant tanzt";
	const create = (user: string, as?: object) =>
		rest("POST", `/users/${user}/password-reset`, as === undefined ? {} : { as });
	async function linkFor(user: string) {
		const { status, body } = await create(user);
		expect(status).toBe(201);
		return new URL(userLinkSchema.parse(body).link).searchParams.get("token") ?? "";
	}
	const use = (resetToken: string, password = NEW_PASSWORD) =>
		post("/api/trpc/account.resetPassword", { resetToken, password });

	it("sets a new password once and ends all sessions, while tokens stay", async () => {
		await addUser(BOB, "administrator");
		const as = await browserOf(BOB);
		const token = await createToken(as);
		const link = await linkFor(BOB);
		expect((await meAs(as)).status).toBe(200);
		expect((await post("/api/trpc/account.passwordReset", { resetToken: link })).body).toEqual({
			result: { data: { email: BOB } },
		});
		const weak = await use(link, "robert robert 1");
		expect(weak).toMatchObject({ status: 422, body: { error: { data: { field: "password" } } } });
		expect((await use(link)).status).toBe(200);
		expect((await use(link)).status).toBe(401);

		expect((await meAs(as)).status).toBe(401);
		expect((await meAs(bearer(token))).status).toBe(200);
		expect((await signIn(BOB)).status).toBe(401);
		const renewed = await post("/api/auth/sign-in/email", { email: BOB, password: NEW_PASSWORD });
		expect(renewed.status).toBe(200);
		expect(await audited("user.reset-password")).toMatchObject([{ target: BOB, actor: "machine" }]);
		expect(await audited("account.reset-password")).toMatchObject([{ actorName: BOB }]);
		const { db } = test.resources;
		expect(JSON.stringify(await db.auditEntry.findMany())).not.toContain(link);
		expect(JSON.stringify(await db.user.findMany())).not.toContain(link);
	});

	it("ends when it is replaced or a day old, when the user is disabled, and when the user changes the password", async () => {
		await addUser(BOB, "viewer");
		const [replaced, late] = [await linkFor(BOB), await linkFor(BOB)];
		expect((await use(replaced)).status).toBe(401);
		test.time.now = new Date(test.time.now.getTime() + DAY_MS);
		expect((await use(late)).status).toBe(401);

		const ofDisabled = await linkFor(BOB);
		await rest("PATCH", `/users/${BOB}`, { body: { disabled: true } });
		await rest("PATCH", `/users/${BOB}`, { body: { disabled: false } });
		expect((await use(ofDisabled)).status).toBe(401);

		const needless = await linkFor(BOB);
		const as = await browserOf(BOB);
		const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
		expect((await send("POST", "/api/trpc/account.changePassword", as, change)).status).toBe(200);
		expect((await use(needless)).status).toBe(401);
	});

	it("is refused for invitations, disabled users and the caller's own account; this machine can reset the only administrator's", async () => {
		await invite("carol@example.com");
		await addUser(BOB, "viewer");
		await rest("PATCH", `/users/${BOB}`, { body: { disabled: true } });
		const as = await browserOf(ADA);
		const refusals = [
			["carol@example.com", "hasn't accepted the invitation"],
			[BOB, "Enable the user first"],
			[ADA, "your own account"],
		] as const;
		for (const [user, reason] of refusals) {
			expect(await create(user, as)).toMatchObject({
				status: 409,
				body: { error: { field: "user", message: expect.stringContaining(reason) } },
			});
		}
		// How an installation's only administrator gets back in.
		expect((await use(await linkFor(ADA))).status).toBe(200);
	});
});

describe("a user who is", () => {
	it("disabled loses access at once, tokens included, until enabled again", async () => {
		await addUser(BOB, "administrator");
		const as = await browserOf(BOB);
		const token = await createToken(as);
		expect((await meAs(bearer(token))).status).toBe(200);
		await rest("PATCH", `/users/${BOB}`, { body: { disabled: true } });
		expect((await meAs(as)).status).toBe(401);
		expect((await meAs(bearer(token))).status).toBe(401);
		expect((await signIn(BOB)).status).toBe(403);
		await rest("PATCH", `/users/${BOB}`, { body: { disabled: false } });
		expect((await meAs(bearer(token))).status).toBe(200);
		expect((await meAs(as)).status).toBe(401);
		expect((await signIn(BOB)).status).toBe(200);
		expect(await audited("user.disable")).toMatchObject([{ target: BOB }]);
	});

	it("deleted leaves no session, token or password behind", async () => {
		await addUser(BOB, "administrator");
		const as = await browserOf(BOB);
		const token = await createToken(as);
		expect((await rest("DELETE", `/users/${BOB}`)).status).toBe(200);
		expect((await meAs(as)).status).toBe(401);
		expect((await meAs(bearer(token))).status).toBe(401);
		expect((await signIn(BOB)).status).toBe(401);
		const { db } = test.resources;
		expect([await db.apiToken.count(), await db.account.count()]).toEqual([0, 1]);
		expect((await rest("DELETE", `/users/${BOB}`)).status).toBe(404);
	});

	it("made a viewer has only read-only tokens", async () => {
		await addUser(BOB, "administrator");
		const token = await createToken(await browserOf(BOB));
		await rest("PATCH", `/users/${BOB}`, { body: { role: "viewer" } });
		expect((await meAs(bearer(token))).body).toMatchObject({ access: "read-only" });
	});
});

it("neither the last administrator nor the caller's own account can be disabled, deleted or demoted", async () => {
	const self = (await rest("GET", "/users")).body as { items: { id: string }[] };
	for (const user of [ADA, self.items[0]?.id]) {
		for (const change of [{ disabled: true }, { role: "viewer" }]) {
			expect((await rest("PATCH", `/users/${user}`, { body: change })).status).toBe(409);
		}
		expect((await rest("DELETE", `/users/${user}`)).body).toMatchObject({
			error: { message: expect.stringContaining("is the last administrator") },
		});
	}
	await addUser(BOB, "administrator");
	const as = await browserOf(ADA);
	const token = bearer(await createToken(as));
	for (const own of [as, token]) {
		expect((await rest("DELETE", `/users/${ADA}`, { as: own })).body).toMatchObject({
			error: { message: expect.stringContaining("your own account") },
		});
	}
	expect((await rest("DELETE", `/users/${ADA}`)).status).toBe(200);
	expect((await rest("DELETE", `/users/${BOB}`)).status).toBe(409);
});

it("a person can list their own sessions and end one or all others, and the audit log records it", async () => {
	const [as, second, third] = [await browserOf(ADA), await browserOf(ADA), await browserOf(ADA)];
	await addUser(BOB, "viewer");
	const bob = await browserOf(BOB);
	const sessions = async (own: object): Promise<Session[]> =>
		sessionListSchema.parse((await rest("GET", "/me/sessions", { as: own })).body).items;
	const listed = await sessions(as);
	expect(listed).toHaveLength(3);
	expect(listed.filter(({ isCurrent }) => isCurrent)).toMatchObject([
		{ address, browser: "Firefox on Linux" },
	]);
	const secondId = (await sessions(second)).find(({ isCurrent }) => isCurrent)?.id;
	const end = (id: string | undefined, own: object) =>
		rest("DELETE", `/me/sessions/${id}`, { as: own });
	// Not another person's, and not the one in use.
	expect((await end(secondId, bob)).status).toBe(404);
	expect((await end(secondId, second)).status).toBe(409);
	expect((await end(secondId, as)).body).toEqual({ endedSessions: 1 });
	expect((await meAs(second)).status).toBe(401);
	expect((await rest("DELETE", "/me/sessions", { as })).body).toEqual({ endedSessions: 1 });
	expect((await meAs(third)).status).toBe(401);
	expect((await meAs(bob)).status).toBe(200);
	expect(await sessions(as)).toHaveLength(1);
	for (const action of ["account.end-session", "account.end-other-sessions"]) {
		expect(await audited(action)).toMatchObject([{ target: ADA }]);
	}
	expect((await rest("GET", "/me/sessions")).status).toBe(403);
});
