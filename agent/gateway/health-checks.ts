import { HEALTH_PATH } from "../../server/contract/accelerator-process.ts";
import type { Route } from "../../server/contract/routes.ts";

/**
 * How HAProxy asks engines whether an endpoint may lead to them. It sends everything in one packet with QUIT
 * at its end: the engine closes after its answers, so a wrong answer is final at once and the engine logs no
 * error. PING comes first because an engine that is still loading its data answers ROLE as usual.
 *
 * An engine that has too many clients, or runs a long script (BUSY), can't report its role, but is alive.
 * `L7OKC` keeps its clients. New ones, such as a client that comes to kill the script, reach it only if no
 * other server is available.
 */
const OCCUPIED = "error-status L7OKC";
const FULL = "-ERR max number of clients";
const MEMCACHED_FULL = "ERROR Too many open connections";

function ask(check: Route["check"], ...commands: string[][]): string {
	const login = check === null ? [] : [["AUTH", check.username, check.password]];
	const all = [...login, ["PING"], ...commands, ["QUIT"]];
	// In hex, so that no byte of a password has a meaning for HAProxy.
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
		String.raw`tcp-check expect ! rstring '^(${FULL}|(\+OK\r\n)?-BUSY )' ${OCCUPIED}`,
		String.raw`tcp-check expect rstring '^${login}\+PONG\r\n${answer}'`,
	];
}

export function primaryCheck(check: Route["check"]): string[] {
	return respCheck(check, [["ROLE"]], String.raw`\*3\r\n[$]6\r\nmaster\r\n`);
}

/** A replica whose link to its primary is up, so it lags only by what is in flight. */
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
		`tcp-check expect ! rstring '^${MEMCACHED_FULL}' ${OCCUPIED}`,
		"tcp-check expect rstring '^VERSION '",
	];
}

/** An instance of an accelerator. */
export function httpCheck(): string[] {
	return [`option httpchk GET ${HEALTH_PATH}`, "http-check expect status 200"];
}
