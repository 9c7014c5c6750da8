import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTestResources, type TestResources } from "../testing/test-resources.ts";
import {
	startTestServer,
	TEST_MACHINE_TOKEN,
	type TestServer,
	type TestServerOptions,
} from "../testing/test-server.ts";

const EMAIL = "ada@example.com";
const PASSWORD = "correct horse battery";
const NEW_PASSWORD = "blauer elefant tanzt";

let test: TestResources;
let server: TestServer;
/** The browser's address: each test has its own, because the tests share one process and its limits. */
let address = "127.0.1.0";
const started: TestServer[] = [];

beforeEach(async () => {
	test = await openTestResources();
	address = `127.0.1.${Number(address.split(".")[3]) + 1}`;
	server = await start();
	const made = await call("/api/trpc/account.createAdministrator", {
		body: { setupToken: server.setupToken, name: "Ada", email: EMAIL, password: PASSWORD },
	});
	expect(made.status).toBe(200);
});
afterEach(async () => {
	for (const each of started.splice(0)) await each.close();
});

async function start(options: TestServerOptions = {}) {
	const made = await startTestServer(test, options);
	started.push(made);
	return made;
}

interface Call {
	body?: object;
	headers?: Record<string, string>;
	to?: TestServer;
}

/** A browser's request, which may name a host other than the one that it reaches. */
async function call(path: string, { body, headers, to = server }: Call = {}) {
	const { host, hostname, port } = new URL(to.url);
	const payload = body === undefined ? null : JSON.stringify(body);
	const named = headers?.host ?? host;
	const request = httpRequest({
		...{ hostname, port, path, localAddress: address, method: payload === null ? "GET" : "POST" },
		headers: {
			...(payload !== null && { "content-type": "application/json", origin: `http://${named}` }),
			...headers,
		},
	});
	const answer = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
		request.once("response", resolve);
		request.once("error", reject);
		request.end(payload);
	});
	const cookies = answer.headers["set-cookie"] ?? [];
	return {
		status: answer.statusCode,
		cookies,
		/** The cookies as a browser sends them back. */
		cookie: cookies.map((each) => each.split(";")[0]).join("; "),
		text: await text(answer),
	};
}

const signIn = (how: Omit<Call, "body"> = {}, password = PASSWORD) =>
	call("/api/auth/sign-in/email", { ...how, body: { email: EMAIL, password } });
const me = (cookie: string, how: Call = {}) =>
	call("/api/trpc/account.me?input=%7B%7D", { ...how, headers: { ...how.headers, cookie } });
const audited = async (action: string, outcome = "succeeded") =>
	await test.resources.db.auditEntry.findMany({ where: { action, outcome } });

const ELSEWHERE = { host: "larder.example:3000" };
const PROXIED = {
	...{ host: "larder.example", origin: "https://larder.example" },
	...{ "x-forwarded-proto": "https", "x-forwarded-for": "198.51.100.7" },
};

describe("signing in", () => {
	it("works over plain HTTP on this machine, with a cookie that isn't Secure", async () => {
		const answer = await signIn();
		expect(answer).toMatchObject({ status: 200 });
		expect(answer.cookie).toMatch(/^larder\.session_token=/);
		expect(answer.cookies.join()).not.toContain("Secure");
		expect(answer.cookies.join()).toContain("HttpOnly");
		expect((await me(answer.cookie)).status).toBe(200);
	});

	it("is refused over plain HTTP from elsewhere, and says what to do", async () => {
		const answer = await signIn({ headers: ELSEWHERE });
		expect(answer.status).toBe(403);
		expect(JSON.parse(answer.text)).toMatchObject({
			error: {
				code: "insecure_connection",
				message: expect.stringMatching(/plain HTTP.*LARDER_TRUST_NETWORK=on/),
			},
		});
		const status = await call("/api/trpc/account.setupStatus", { headers: ELSEWHERE });
		expect(status.text).toContain("LARDER_TRUSTED_PROXIES");
		// A session that started here doesn't work that way either.
		const { cookie } = await signIn();
		expect((await me(cookie, { headers: ELSEWHERE })).status).toBe(401);
		const setUp = await call("/api/trpc/account.createAdministrator", {
			headers: ELSEWHERE,
			body: { setupToken: "t", name: "Eve", email: "eve@example.com", password: NEW_PASSWORD },
		});
		expect(setUp.text).toContain("insecure_connection");
		const accepted = await call("/api/trpc/account.acceptInvitation", {
			headers: ELSEWHERE,
			body: { inviteToken: "t", name: "Eve", password: NEW_PASSWORD },
		});
		expect(accepted.text).toContain("insecure_connection");
	});

	it("works over plain HTTP from elsewhere if the operator trusts the network", async () => {
		const to = await start({ trustsNetwork: true });
		const { status, cookie } = await signIn({ to, headers: ELSEWHERE });
		expect(status).toBe(200);
		expect((await me(cookie, { to, headers: ELSEWHERE })).status).toBe(200);
		const page = await call("/api/trpc/account.setupStatus", { to, headers: ELSEWHERE });
		expect(page.text).toContain('"signInProblem":null');
	});

	it("sets a Secure cookie behind a trusted TLS proxy, and plain HTTP doesn't accept that cookie", async () => {
		const to = await start({ trustedProxies: ["127.0.0.0/8"] });
		const answer = await signIn({ to, headers: PROXIED });
		expect(answer.status).toBe(200);
		expect(answer.cookie).toMatch(/^__Secure-larder\.session_token=/);
		expect(answer.cookies.join()).toContain("Secure");
		expect((await me(answer.cookie, { to, headers: PROXIED })).status).toBe(200);
		expect((await me(answer.cookie, { to })).status).toBe(401);
		expect(await audited("session.sign-in")).toMatchObject([{ address: "198.51.100.7" }]);
	});

	it("doesn't believe a proxy that isn't trusted, and names the setting", async () => {
		const answer = await signIn({ headers: PROXIED });
		expect(answer.status).toBe(403);
		expect(answer.text).toContain("LARDER_TRUSTED_PROXIES=127.0.1.");
	});

	it("is limited by the client's own address behind a trusted proxy", async () => {
		const to = await start({ trustedProxies: [address] });
		const from = (address: string) =>
			signIn({ to, headers: { ...PROXIED, "x-forwarded-for": address } }, "wrong password");
		const statuses = [];
		for (let count = 0; count < 11; count++) statuses.push((await from("203.0.113.1")).status);
		expect([statuses[0], statuses.at(-1)]).toEqual([401, 429]);
		expect((await from("203.0.113.2")).status).toBe(401);
		const failed = await audited("session.sign-in", "failed");
		expect(failed.map(({ address }) => address)).toContain("203.0.113.2");
		expect(failed[0]).toMatchObject({ actor: "anonymous", target: EMAIL });
		// Attempts that the limit refused aren't recorded.
		expect(failed).toHaveLength(11);
	});

	it("and signing out are audited, with the address", async () => {
		const { cookie } = await signIn();
		await call("/api/auth/sign-out", { body: {}, headers: { cookie } });
		expect((await me(cookie)).status).toBe(401);
		const out = await audited("session.sign-out");
		expect(out).toMatchObject([{ target: EMAIL, address }]);
		expect((await audited("session.sign-in"))[0]?.actor).toBe(out[0]?.actor);
		expect(await audited("account.create-administrator")).toMatchObject([{ address }]);
	});
});

describe("changing the password", () => {
	const change = (cookie: string, currentPassword: string, newPassword: string) =>
		call("/api/trpc/account.changePassword", {
			headers: { cookie },
			body: { currentPassword, newPassword },
		});

	it("ends the account's other sessions, and the old password no longer works", async () => {
		const [own, other] = [(await signIn()).cookie, (await signIn()).cookie];
		const answer = await change(own, PASSWORD, NEW_PASSWORD);
		expect(JSON.parse(answer.text)).toMatchObject({ result: { data: { endedSessions: 1 } } });
		expect((await me(own)).status).toBe(200);
		expect((await me(other)).status).toBe(401);
		expect((await signIn()).status).toBe(401);
		expect((await signIn({}, NEW_PASSWORD)).status).toBe(200);
		const [entry] = await audited("account.change-password");
		expect(entry).toMatchObject({ target: EMAIL, address });
		expect(JSON.stringify(await test.resources.db.auditEntry.findMany())).not.toContain("elefant");
	});

	it("needs the current password, and limits guesses", async () => {
		const { cookie } = await signIn();
		const wrong = await change(cookie, "not the password", NEW_PASSWORD);
		expect(wrong.text).toContain('"field":"currentPassword"');
		expect(await audited("account.change-password", "failed")).toHaveLength(1);
		for (let count = 0; count < 4; count++) await change(cookie, "still not it", NEW_PASSWORD);
		expect((await change(cookie, PASSWORD, NEW_PASSWORD)).status).toBe(429);
		expect((await signIn()).status).toBe(200);
	});

	it.each([
		["short", "at least 12"],
		["Password1234", "common password"],
		[PASSWORD, "the current one"],
	])("refuses %s as the new one", async (password, message) => {
		const answer = await change((await signIn()).cookie, PASSWORD, password);
		expect(answer.status).toBe(422);
		expect(answer.text).toContain('"field":"newPassword"');
		expect(answer.text).toContain(message);
	});

	it("is refused for tokens", async () => {
		const answer = await call("/api/trpc/account.changePassword", {
			headers: { authorization: `Bearer ${TEST_MACHINE_TOKEN}` },
			body: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
		});
		expect(answer.status).toBe(403);
	});
});
