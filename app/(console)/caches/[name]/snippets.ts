import type { Cache, Endpoint } from "../../../../server/contract/cache-view.ts";
import type { Snippet } from "./snippet-text.ts";
import { MEMCACHED_SNIPPETS } from "./snippets-memcached.ts";
import { MEMCACHED_SERVERLESS_SNIPPETS } from "./snippets-memcached-serverless.ts";
import { redisSnippets } from "./snippets-redis.ts";

/** The ways to connect that fit a cache's engine and cluster mode; the engine's own command-line client comes first. */
export function snippetsFor({
	kind,
	engine,
	clusterMode,
}: Partial<Pick<Cache, "kind">> & Pick<Cache, "engine" | "clusterMode">): readonly Snippet[] {
	if (engine === "memcached") {
		return kind === "serverless" ? MEMCACHED_SERVERLESS_SNIPPETS : MEMCACHED_SNIPPETS;
	}
	return redisSnippets({ engine, isCluster: clusterMode === "enabled" });
}

/** Where a client begins; null while it isn't known. */
export function startingEndpoint({ endpoints }: Pick<Cache, "endpoints">): Endpoint | null {
	const { configuration, primary, names } = endpoints;
	const endpoint = configuration ?? primary;
	return (
		endpoint && named(endpoint, configuration === null ? names?.primary : names?.configuration)
	);
}

/** Where clients that only read can begin; null where there is no such endpoint. */
export function readingEndpoint({ endpoints }: Pick<Cache, "endpoints">): Endpoint | null {
	return endpoints.reader && named(endpoints.reader, endpoints.names?.reader);
}

/** The endpoint by its DNS name, if it has one. */
export function named(endpoint: Endpoint, name: string | null | undefined): Endpoint {
	return name ? { host: name, port: endpoint.port } : endpoint;
}
