import type { Route } from "../../server/contract/agent.ts";

/**
 * How HAProxy asks engines whether an endpoint may lead to them. Everything is sent in one go with QUIT at its end: the
 * engine closes behind its answers, which makes one that doesn't fit final at once, and logs no error. PING comes
 * first because an engine that loads its data answers ROLE as if nothing were.
 */
const FULL = "^-ERR max number of clients";

function ask(check: Route["check"], ...commands: string[][]): string {
	const login = check === null ? [] : [["AUTH", check.username, check.password]];
	const all = [...login, ["PING"], ...commands, ["QUIT"]];
	// In hex, so that no byte of a password can mean anything to HAProxy.
	return `tcp-check send-binary ${Buffer.from(all.map(resp).join("")).toString("hex")}`;
}

function resp(words: readonly string[]): string {
	const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
	return `*${words.length}\r\n${bulk.join("")}`;
}

function respCheck(check: Route["check"], commands: string[][], answer: string): string[] {
	const login = check === null ? "" : String.raw`\+OK\r\n`;
	return [
		"option tcp-check",
		"tcp-check connect",
		ask(check, ...commands),
		// An engine with too many clients gets no new ones, and keeps those that it has.
		`tcp-check expect ! rstring '${FULL}' error-status L7OKC`,
		String.raw`tcp-check expect rstring '^${login}\+PONG\r\n${answer}'`,
	];
}

export function primaryCheck(check: Route["check"]): string[] {
	return respCheck(check, [["ROLE"]], String.raw`\*3\r\n[$]6\r\nmaster\r\n`);
}

/** A replica whose link to its primary is up, so that it lags by no more than what is on its way. */
export function replicaCheck(check: Route["check"]): string[] {
	const answer = String.raw`\*5\r\n[$]5\r\nslave\r\n[^*]*\r\n[$]9\r\nconnected\r\n`;
	return respCheck(check, [["ROLE"]], answer);
}

export function clusterCheck(check: Route["check"]): string[] {
	return respCheck(check, [["CLUSTER", "INFO"]], String.raw`[$][0-9]+\r\n[^+]*cluster_state:ok`);
}

export function memcachedCheck(): string[] {
	return [
		"option tcp-check",
		"tcp-check connect",
		`tcp-check send-binary ${Buffer.from("version\r\nquit\r\n").toString("hex")}`,
		"tcp-check expect rstring '^VERSION '",
	];
}
