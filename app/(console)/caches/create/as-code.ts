import type { CreateCacheInput } from "../../../../server/contract/cache.ts";

const PLAIN = /^[\w@%+=:,./-]+$/;

/** For a POSIX shell. */
export function shellQuote(text: string): string {
	return PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function nameOf(request: CreateCacheInput): string {
	return request.name === "" ? "NAME" : request.name.toLowerCase();
}

/** The same request as a command of the CLI. */
export function toCliCommand(request: CreateCacheInput): string {
	const { engine, engineVersion, nodeType, replicasPerShard, multiAz, auth, port } = request;
	const options = [
		`--engine ${engine ?? "valkey"}`,
		engineVersion === undefined ? null : `--engine-version ${engineVersion}`,
		nodeType === undefined ? null : `--node-type ${nodeType}`,
		`--replicas ${replicasPerShard ?? 0}`,
		multiAz === true ? "--multi-az" : null,
		auth === "none" ? "--auth none" : null,
		port === undefined || Number.isNaN(port) ? null : `--port ${port}`,
		...Object.entries(request.tags ?? {}).map(
			([key, value]) => `--tag ${shellQuote(`${key}=${value}`)}`,
		),
		request.description === undefined ? null : `--description ${shellQuote(request.description)}`,
	].filter((option) => option !== null);
	return [`larder caches create ${shellQuote(nameOf(request))}`, ...options].join(" \\\n  ");
}

/** The same request for curl. The token comes from the environment, so that it isn't in the history. */
export function toCurlCommand(request: CreateCacheInput, origin: string): string {
	const body = JSON.stringify({ ...request, name: nameOf(request) }, null, 2);
	return [
		`curl -X POST ${shellQuote(`${origin}/api/v1/caches`)}`,
		`-H "Authorization: Bearer $LARDER_TOKEN"`,
		"-H 'Content-Type: application/json'",
		`-d ${shellQuote(body)}`,
	].join(" \\\n  ");
}
