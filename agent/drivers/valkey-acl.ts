import { createHash } from "node:crypto";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { HELLO_CHANNEL } from "../sentinel/hello-channel.ts";
import { clientRules } from "./client-commands.ts";
import { replicationLogin, slotLogin, throttleLogin } from "./replication-login.ts";
import { movesSlotsItself } from "./valkey-flavor.ts";

/** Asks for role and health. */
const GATEWAY_COMMANDS = ["ping", "role", "cluster|info"];
/**
 * What Sentinel's documentation asks for. It is enough to make another node primary, but not to read or write
 * data.
 */
const SENTINEL_COMMANDS = [
	...["ping", "info", "role", "publish", "subscribe", "multi", "exec"],
	// SentinelGuard controls which node an engine may follow.
	"slaveof|no",
	...["config|rewrite", "client|setname", "client|kill", "script|kill"],
];
/** What a replica needs to copy data. Valkey fetches the data over a second connection, by SYNC. */
const REPLICATION_COMMANDS = ["ping", "psync", "replconf", "sync"];

/** What the agent needs to throttle clients. */
const THROTTLE_COMMANDS = ["info", "client|pause"];

/**
 * The engine's user file: clients as `default`; the system user of agents; replicas, the gateway and
 * Sentinel, each with only the permissions it needs. It holds hashes only.
 */
export function renderAcl(
	assignment: Pick<
		Assignment,
		"cluster" | "elastic" | "engine" | "engineVersion" | "auth" | "migration"
	>,
): string {
	const { auth } = assignment;
	const clientSecret =
		auth.clientPasswordSha256 === null ? "nopass" : `#${auth.clientPasswordSha256}`;
	const replication = replicationLogin(auth);
	const users = [
		[`default on ${clientSecret}`, ...clientRules(assignment), ...migrationRules(assignment)],
		[`${auth.systemUsername} on #${sha256(auth.systemPassword)}`, "~* &* +@all"],
		[`${replication.username} on #${sha256(replication.password)}`, only(REPLICATION_COMMANDS)],
		...slotUser(assignment),
		...throttleUser(assignment),
		[`${auth.gatewayUsername} on #${auth.gatewayPasswordSha256}`, only(GATEWAY_COMMANDS)],
		[
			`${auth.sentinelUsername} on #${auth.sentinelPasswordSha256}`,
			only(SENTINEL_COMMANDS, `&${HELLO_CHANNEL}`),
		],
	];
	return users.map((rules) => `user ${rules.join(" ")}\n`).join("");
}

/** Once the cache is emptied and until it leads, what its clients wrote would be lost. */
function migrationRules({ migration }: Pick<Assignment, "migration">): string[] {
	const mayWrite = migration === undefined || ["check", "lead"].includes(migration.phase);
	return mayWrite ? [] : ["-@write"];
}

/** The names of all users in that file. */
export function userNames(assignment: Parameters<typeof renderAcl>[0]): string[] {
	return renderAcl(assignment)
		.split("\n")
		.flatMap((line) => line.split(" ")[1] ?? []);
}

/** Slots with their keys arrive as commands, so the user that sends them may write. Only Valkey 9 sends slots by itself. */
function slotUser({
	auth,
	cluster,
	engine,
	engineVersion,
}: Pick<Assignment, "cluster" | "engine" | "engineVersion" | "auth">): string[][] {
	if (cluster === null || !movesSlotsItself(engine, engineVersion)) return [];
	const { username, password } = slotLogin(auth);
	const commands = [
		...[...REPLICATION_COMMANDS, "cluster|syncslots", "select", "publish", "spublish"],
		...["@write", "@transaction"],
	];
	const rules = [...commands.map((name) => `+${name}`), "-migrate"].join(" ");
	return [[`${username} on #${sha256(password)}`, `~* &* -@all ${rules}`]];
}

/** Only a node with a limit has this user. */
function throttleUser({ auth, elastic }: Pick<Assignment, "auth" | "elastic">): string[][] {
	if ((elastic?.ecpuPerSecond ?? null) === null) return [];
	const { username, password } = throttleLogin(auth);
	return [[`${username} on #${sha256(password)}`, only(THROTTLE_COMMANDS)]];
}

/** Rules of a user with these commands and channels, and no keys. */
function only(commands: readonly string[], ...channels: string[]): string {
	return [
		...["resetkeys", "resetchannels", ...channels, "-@all"],
		...commands.map((command) => `+${command}`),
	].join(" ");
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}
