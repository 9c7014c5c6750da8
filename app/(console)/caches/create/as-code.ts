import type { CreateCacheInput } from "../../../../server/contract/create-cache.ts";

const PLAIN = /^[\w@%+=:,./-]+$/;

/** For a POSIX shell. */
export function shellQuote(text: string): string {
	return PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function nameOf(request: CreateCacheInput): string {
	return request.name === "" ? "NAME" : request.name.toLowerCase();
}

/** The words of the command that does the same as the request, before they are quoted for a shell. */
export function toCliWords(request: CreateCacheInput): string[][] {
	const option = (flag: string, value: string | number | undefined): string[][] =>
		value === undefined || Number.isNaN(value) ? [] : [[flag, String(value)]];
	const each = (flag: string, values: readonly string[] | undefined): string[][] =>
		(values ?? []).map((value) => [flag, value]);
	const flag = (name: string, isSet: boolean): string[][] => (isSet ? [[name]] : []);
	const { clusterMode } = request;
	return [
		["larder", "caches", "create", nameOf(request)],
		...option("--kind", request.kind),
		...option("--engine", request.engine),
		...option("--engine-version", request.engineVersion),
		...option("--protocol", request.protocol),
		...option("--eviction-policy", request.evictionPolicy),
		...option("--scale-to-zero", request.scaleToZero?.afterMinutes),
		...option("--storage-min", request.limits?.dataStorageGb?.min),
		...option("--storage-max", request.limits?.dataStorageGb?.max),
		...option("--ecpu-min", request.limits?.ecpuPerSecond?.min),
		...option("--ecpu-max", request.limits?.ecpuPerSecond?.max),
		...option("--node-type", request.nodeType),
		...option(
			"--cluster-mode",
			clusterMode === undefined ? undefined : clusterMode === "enabled" ? "on" : "off",
		),
		...option("--shards", request.shards),
		...option("--replicas", request.replicasPerShard),
		...each("--slots", request.slots),
		...option("--nodes", request.nodes),
		...each("--zone", request.zones),
		...flag("--multi-az", request.multiAz === true),
		...flag("--no-automatic-failover", request.automaticFailover === false),
		...option("--auth", request.auth),
		...option("--port", request.port),
		...option("--parameter-group", request.parameterGroup),
		...option("--from-snapshot", request.snapshot),
		...option("--snapshot-retention", request.snapshotRetentionDays),
		...option("--snapshot-window", request.snapshotWindow),
		...option("--persistence", request.persistence),
		...flag("--deletion-protection", request.deletionProtection === true),
		...each(
			"--tag",
			Object.entries(request.tags ?? {}).map(([key, value]) => `${key}=${value}`),
		),
		...option("--description", request.description),
	];
}

/** The same request as a command of the CLI. */
export function toCliCommand(request: CreateCacheInput): string {
	return toCliWords(request)
		.map((words) => words.map(shellQuote).join(" "))
		.join(" \\\n  ");
}

/** The same request for curl. The token comes from the environment, so that it isn't in the shell's history. */
export function toCurlCommand(request: CreateCacheInput, origin: string): string {
	const body = JSON.stringify({ ...request, name: nameOf(request) }, null, 2);
	return [
		`curl -X POST ${shellQuote(`${origin}/api/v1/caches`)}`,
		`-H "Authorization: Bearer $LARDER_TOKEN"`,
		"-H 'Content-Type: application/json'",
		`-d ${shellQuote(body)}`,
	].join(" \\\n  ");
}
