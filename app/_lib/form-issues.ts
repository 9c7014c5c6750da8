import type { ZodError } from "zod";

/** The first message for each field as a sentence, by the first part of its path. */
export function firstIssues(error: ZodError | undefined): Map<string, string> {
	const messages = new Map<string, string>();
	for (const { path, message } of error?.issues ?? []) {
		const field = String(path[0] ?? "");
		if (!messages.has(field)) messages.set(field, asSentence(message));
	}
	return messages;
}

/** The first message for each path, such as `limits.dataStorageGb.min`, as a sentence. */
export function issuesByPath(error: ZodError | undefined): Map<string, string> {
	const messages = new Map<string, string>();
	for (const { path, message } of error?.issues ?? []) {
		const place = path.join(".");
		if (!messages.has(place)) messages.set(place, asSentence(message));
	}
	return messages;
}

/** What forms call the API's fields, if not by the field's name. */
const FIELD_WORDS: Readonly<Record<string, string>> = {
	DataStorage: "data storage",
	ECPUPerSecond: "ECPU per second",
	accessKeyId: "access key ID",
	afterMinutes: "minutes",
	automaticFailover: "automatic failover",
	clusterMode: "cluster mode",
	cpuMillis: "assigned CPUs, in thousandths,",
	databaseLatencyMs: "added latency in ms",
	deletionProtection: "deletion protection",
	durationSeconds: "duration in seconds",
	engineVersion: "engine version",
	evictionPolicy: "eviction policy",
	expiresInDays: "days until it expires",
	itemTtlSeconds: "seconds for items",
	itemBytes: "item size in bytes",
	keySkew: "key skew",
	memoryMib: "memory in MiB",
	multiAz: "Multi-AZ",
	nodeType: "node type",
	operationsPerSecond: "operations a second",
	parameterGroup: "parameter group",
	queryTtlSeconds: "seconds for answers",
	replicasPerShard: "replicas per shard",
	secretAccessKey: "secret access key",
	ttlSeconds: "TTL in seconds",
	vcpus: "vCPU",
};
const FIELD_NAMES = new RegExp(`\\b(${Object.keys(FIELD_WORDS).join("|")})\\b`, "g");
/** A pointer into the API, which forms leave out because they show the choices themselves. */
const API_REFERENCE = /[;,.] see GET \/api\/\S+/g;

/** In a form, an empty field is no limit. */
const ZERO_REMOVES = "You can set the value to zero to remove the limit";

/** A form has switches instead of true and false, and sends one request. */
const SWITCHES = /\bset (\S[^;.]*?) to (true|false)(?: in the same request)?/g;

/**
 * An API's message in the words of a form, as a sentence: "memoryMib must be a whole number" → "Memory in MiB must be a
 * whole number."
 */
export function asSentence(message: string): string {
	const worded = message
		.replace(API_REFERENCE, "")
		.replace(ZERO_REMOVES, "Leave it empty for no limit")
		.replace(FIELD_NAMES, (field) => FIELD_WORDS[field] ?? field)
		.replace(SWITCHES, (_, what, value) => `turn ${what} ${value === "true" ? "on" : "off"}`);
	// "vCPU" stays as it is written.
	const isWord = /^[a-z]([a-z ]|$)/.test(worded);
	const text = isWord ? worded.charAt(0).toUpperCase() + worded.slice(1) : worded;
	return /[.!?]$/.test(text) ? text : `${text}.`;
}
